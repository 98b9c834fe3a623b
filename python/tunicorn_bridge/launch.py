"""What the Python process is started with: checks the version, then hands over to serve.main.

The folder of the bridge is on sys.path only while the bridge imports itself, so that the application cannot pick up
one of our modules by its bare name.
"""

import sys

if __name__ == "__main__":
    if sys.version_info < (3, 8):
        sys.exit("tunicorn needs Python 3.8 or later; this is %d.%d (%s)" % (sys.version_info[:2] + (sys.executable,)))
    sys.path[0] = __file__.rsplit("/tunicorn_bridge/", 1)[0]
    if sys.argv[3] == "preload":
        from tunicorn_bridge.zygote import main
    else:
        from tunicorn_bridge.serve import main

    del sys.path[0]
    sys.exit(main())
