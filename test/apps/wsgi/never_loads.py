"""Waits for a command while it is imported, for ever."""
import subprocess

subprocess.run(["sleep", "100000"])
