"""What the router lets through, as nftables rules, and their way into the kernel by libnftables.

Allowed is what comes back, the resolver of slirp4netns, and every address that is nobody's private matter. Refused are
the networks below, every address of this machine, sandboxes among each other, IPv6, and mail as on AWS.
Source: https://www.iana.org/assignments/iana-ipv4-special-registry
"""

import ctypes
from collections.abc import Iterable

RESOLVER = "10.0.2.3"  # slirp4netns answers there, by the machine's own resolvers
REFUSED = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",  # link-local: metadata services of clouds
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
CONNECTIONS = 512  # of one sandbox at once
# Seconds that the router remembers a connection without packets: the first as AWS's NAT gateways, the others short, for
# all sandboxes share one table and none may fill it.
REMEMBERED = {
    "tcp_timeout_established": 350,
    "tcp_timeout_fin_wait": 20,
    "tcp_timeout_close_wait": 20,
    "tcp_timeout_last_ack": 10,
    "tcp_timeout_time_wait": 10,
    "tcp_timeout_close": 5,
    "tcp_timeout_syn_sent": 30,
    "udp_timeout": 30,
    "udp_timeout_stream": 120,
}
RULES = f"""
table ip hearth
delete table ip hearth
table ip6 hearth
delete table ip6 hearth
table ip hearth {{
    set refused {{ type ipv4_addr; flags interval; elements = {{ {", ".join(REFUSED)} }}; }}
    set machine {{ type ipv4_addr; }}
    set busy {{ type ipv4_addr; size 65535; flags dynamic; }}
    chain forward {{
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        oifname != "tap0" reject with icmp type admin-prohibited
        iifname "tap0" drop
        ct state new add @busy {{ ip saddr ct count over {CONNECTIONS} }} reject with icmp type admin-prohibited
        ip daddr {RESOLVER} udp dport 53 accept
        ip daddr {RESOLVER} tcp dport 53 accept
        ip daddr @refused reject with icmp type admin-prohibited
        ip daddr @machine reject with icmp type admin-prohibited
        tcp dport 25 reject with icmp type admin-prohibited
        accept
    }}
    chain input {{ type filter hook input priority 0; policy drop; reject with icmp type admin-prohibited; }}
    chain postrouting {{ type nat hook postrouting priority 100; oifname "tap0" masquerade; }}
}}
table ip6 hearth {{
    chain forward {{ type filter hook forward priority 0; policy drop; }}
    chain input {{ type filter hook input priority 0; policy drop; }}
    chain output {{ type filter hook output priority 0; policy drop; }}
}}
"""


class Missing(Exception):
    """No libnftables on this machine."""


def machine(addresses: Iterable[str]) -> str:
    """The commands that make these the machine's addresses. IPv6 is refused as a whole."""
    own = ", ".join(sorted(each for each in addresses if ":" not in each))
    return "flush set ip hearth machine\n" + (f"add element ip hearth machine {{ {own} }}\n" if own else "")


def library() -> ctypes.CDLL:
    try:
        found = ctypes.CDLL("libnftables.so.1")
    except OSError as error:
        raise Missing(str(error)) from None
    found.nft_ctx_new.restype = ctypes.c_void_p
    found.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
    return found


def load(commands: str) -> None:
    """Run nft commands in the network namespace of this thread: all of them or none. Raises OSError. Some 0.6 ms."""
    nft = library()
    context = ctypes.c_void_p(nft.nft_ctx_new(0))
    try:
        nft.nft_ctx_buffer_error(context)
        if nft.nft_run_cmd_from_buffer(context, commands.encode()):
            raise OSError("nftables: " + nft.nft_ctx_get_error_buffer(context).decode().strip())
    finally:
        nft.nft_ctx_free(context)
