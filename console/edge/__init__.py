"""The edge: the process that listens for clients.

One loop, no threads between a client and an invocation: what calls a function is checked, sent down the lane and
answered here, as long as all that takes lies in memory. Everything else goes to the web server behind (granian, on a
socket of this user's alone) and back, byte by byte.
"""
