"""An application that cannot be loaded: importing it raises."""
raise RuntimeError("this module raises while it is imported")
