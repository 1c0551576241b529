"""The certificate authority that emulated databases show. Its key was never kept: it signs nothing."""

from __future__ import annotations

import base64

CA_PEM = """\
-----BEGIN CERTIFICATE-----
MIIBgjCCASigAwIBAgITbbaoTzMtEuNcEyVdYUpjceEQxzAKBggqhkjOPQQDAjAW
MRQwEgYDVQQDDAtlbXVsYXRvciBDQTAgFw0yNjExMjMxNDExMDBaGA8yMTI2MTAz
MDE0MTEwMFowFjEUMBIGA1UEAwwLZW11bGF0b3IgQ0EwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAAR+04hTqxbSXBFz2SLCNTXV1OoaI+v9Ry/i78Ps+iWa6PK5aGWY
leCdYm1NReVm+dnjkFA/C+zWpnxIqTXgqGNFo1MwUTAdBgNVHQ4EFgQU4xc1I6oo
rV3QNSVJUVH/UCmDJgQwHwYDVR0jBBgwFoAU4xc1I6oorV3QNSVJUVH/UCmDJgQw
DwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAwlMwmzVFtUgMzINf
67GH937V5MD0mH8X82ojlrx/GZoCICSm4Rdg5XaHeCTW+e+svXopheplnAbbM1Km
DvwyldNG
-----END CERTIFICATE-----
"""

CA_BASE64 = base64.b64encode(CA_PEM.encode()).decode()
"""The same, as the API has it in its answers."""
