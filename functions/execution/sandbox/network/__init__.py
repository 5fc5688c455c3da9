"""Egress: the way of some functions to the internet, and to nothing nearer.

    sandbox  eth0 -- veth -- router: forward, filter, masquerade -- tap0 -- slirp4netns -- the machine's network

One router and one slirp4netns for all sandboxes of an executor; neither needs an address or a route of the machine. A
sandbox gets its veth when it becomes an environment of a function that wants one. What may not be reached is refused in
the router, of which no code of a function can change anything.
"""
