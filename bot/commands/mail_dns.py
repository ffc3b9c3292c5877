"""What DNS says of the domain that mail is sent from: SPF, DKIM and DMARC, for ``check``.

Where DNS does not answer, nothing is said to be missing.
"""

from collections.abc import Sequence
from typing import Final

from dns.asyncresolver import Resolver
from dns.exception import DNSException
from dns.rdatatype import TXT
from dns.resolver import NXDOMAIN, NoAnswer

# Seconds for one question with all its repetitions.
TIMEOUT: Final = 2.0


async def missing_records(domain: str, resolver: Resolver | None = None) -> list[str]:
    """Return what is missing for mails of this domain to be believed; ``resolver`` replaces the
    machine's own.
    """
    try:
        resolver = resolver or Resolver()
    except DNSException:  # this machine names no server
        return []
    missing = []
    if not await _has(resolver, domain, "v=spf1"):
        missing.append(f"SPF: a TXT record of {domain} that begins with v=spf1")
    if not await _has_keys(resolver, domain):
        missing.append(f"DKIM: the key of your mail server, under _domainkey.{domain}")
    if not await _has(resolver, f"_dmarc.{domain}", "v=dmarc1"):
        missing.append(f"DMARC: a TXT record of _dmarc.{domain} that begins with v=DMARC1")
    return missing


async def _has(resolver: Resolver, name: str, beginning: str) -> bool:
    try:
        texts = await _texts(resolver, name)
    except DNSException:
        return True
    return any(text.lower().startswith(beginning) for text in texts)


async def _has_keys(resolver: Resolver, domain: str) -> bool:
    """Return False if there is no key. Only the mail server knows the names of its keys, but where
    one is, the name above it exists (RFC 8020).
    """
    try:
        await resolver.resolve(f"_domainkey.{domain}", TXT, lifetime=TIMEOUT)
    except NXDOMAIN:
        return False
    except DNSException:
        return True
    return True


async def _texts(resolver: Resolver, name: str) -> Sequence[str]:
    try:
        answer = await resolver.resolve(name, TXT, lifetime=TIMEOUT)
    except (NXDOMAIN, NoAnswer):
        return []
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
