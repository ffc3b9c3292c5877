"""Which machines may be called: those that an admin names, in the company's network too, but not
the network itself (S16).

Whoever asks a cloud for its keys asks at such an address; no program that wants to hear of tickets
has one.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

# Where clouds answer that is none of the kinds below.
_CLOUDS: Final = frozenset(map(ip_address, ("100.100.100.200", "fd00:ec2::254")))
# Behind these an IPv4 address is meant: translated, or written in the old way.
_TRANSLATED: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
# An address as systems read it still, as one number or several, octal or hexadecimal; no name ends
# in a number.
_NUMBER: Final = r"(?:0x[0-9a-f]*|[0-9]+)"
_NUMBERS: Final = re.compile(rf"{_NUMBER}(?:\.{_NUMBER})*", re.ASCII | re.IGNORECASE)


def may_be_called(host: str) -> bool:
    """Return whether an IP address may be called; what is no IP address may, and is asked about
    again once its name is looked up. One that is written as nobody writes it (2852039166,
    0251.0376.0251.0376) may not: it would not be looked up.
    """
    plain = host.partition("%")[0].removesuffix(".")
    try:
        address = ip_address(plain)
    except ValueError:
        return _NUMBERS.fullmatch(plain) is None
    return not any(_is_of_the_network(each) for each in (address, *_meant_by(address)))


def _is_of_the_network(address: IPv4Address | IPv6Address) -> bool:
    if address.is_loopback:
        return False
    kinds = (address.is_link_local, address.is_multicast, address.is_unspecified)
    return address in _CLOUDS or any(kinds) or (address.version == 4 and address.is_reserved)  # noqa: PLR2004


def _meant_by(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 one leads to."""
    if isinstance(address, IPv4Address) or address.is_loopback:
        return []
    meant = [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
    meant += address.teredo or ()
    if any(address in network for network in _TRANSLATED):
        meant.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return meant
