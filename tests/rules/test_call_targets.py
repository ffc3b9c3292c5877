"""Which machines other systems may be on: not the network itself, however it is written (S16)."""

import pytest

from core.integrations.call_targets import may_be_called


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "169.254.1.1", "0.0.0.0", "255.255.255.255", "240.0.0.1"),
        *("224.0.0.1", "100.100.100.200", "fe80::1", "fe80::1%eth0", "ff02::1", "::"),
        *("::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::a9fe:a9fe"),
        *("2002:a9fe:a9fe::1", "fd00:ec2::254", "::ffff:0.0.0.0", "::ffff:100.100.100.200"),
        *("2001:0:a9fe:a9fe::1", "FE80::1", "::ffff:a9fe:a9fe"),
        *("2852039166", "0251.0376.0251.0376", "0xa9fea9fe", "169.254.43518", "0", "127.1"),
        *("169.254.169.254.", "2852039166."),
    ],
)
def test_the_network_itself_is_not_called(host: str) -> None:
    assert not may_be_called(host)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "::1", "10.1.2.3", "192.168.0.7", "172.16.0.1", "fd12:3456::1"),
        *("93.184.216.34", "2606:2800:220:1::1", "::ffff:10.0.0.1", "64:ff9b::5db8:d822"),
        *("shop.example", "169.254.169.254.example", "", "12.example"),
    ],
)
def test_systems_of_the_company_and_elsewhere_are(host: str) -> None:
    assert may_be_called(host)
