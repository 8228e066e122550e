"""TLS for phones: a camera needs a secure page, so the bridge makes itself a certificate."""

from __future__ import annotations

import datetime
import ipaddress
import logging
import os
import socket
import ssl
from collections.abc import Collection
from pathlib import Path

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from bridge.errors import InputError

__all__ = ["local_addresses", "own_certificate", "server_context"]

_LOG = logging.getLogger(__name__)

_VALID = datetime.timedelta(days=397)  # What browsers accept at most from a server certificate.
_RENEW_BEFORE = datetime.timedelta(days=7)


def local_addresses() -> list[str]:
    """IPv4 addresses of this machine that a phone on the same network could open."""
    found = {
        ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)
    }
    return sorted(
        address
        for address in found
        if not (ip := ipaddress.ip_address(address)).is_loopback and not ip.is_link_local
    )


def server_context(certificate: Path, private_key: Path) -> ssl.SSLContext:
    """A server's TLS context.

    Raises:
        InputError: A file is missing or not PEM, or the key is not the certificate's.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, private_key)
    except OSError as error:  # ssl.SSLError is one.
        raise InputError(
            f"cannot use {certificate} with {private_key}: {error.strerror or error}; both must "
            "be PEM files that belong together"
        ) from error
    return context


def own_certificate(folder: Path, *, names: Collection[str] = ()) -> tuple[Path, Path]:
    """The bridge's self-made certificate, made on first use and renewed when it no longer fits.

    It names this machine's host name and addresses, so it is made again when those change; the
    key stays.

    Args:
        folder: Where the two PEM files live; made when absent, readable by this user only.
        names: Further names that it is to be known by, as ``ghosthands.local``.

    Returns:
        Paths of the certificate and its private key.

    Raises:
        InputError: The folder cannot be written.
    """
    certificate, private_key = folder / "certificate.pem", folder / "private_key.pem"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = _load_or_make_key(private_key)
        wanted = _names(names)
        if not _still_fits(certificate, key, wanted):
            _replace(certificate, _make(key, wanted).public_bytes(serialization.Encoding.PEM))
            _LOG.info("made a certificate at %s", certificate)
    except OSError as error:
        raise InputError(f"cannot keep a certificate in {folder}: {error.strerror}") from error
    return certificate, private_key


def _replace(path: Path, content: bytes) -> None:
    """Writes a private file whole or not at all."""
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)


def _load_or_make_key(path: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key
    except (FileNotFoundError, ValueError):
        pass
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _replace(path, pem)
    return key


def _names(further: Collection[str] = ()) -> list[x509.GeneralName]:
    host = socket.gethostname()
    hosts = sorted({"localhost", host, f"{host.partition('.')[0]}.local", *further})
    addresses = ["127.0.0.1", "::1", *local_addresses()]
    return [
        *(x509.DNSName(name) for name in hosts),
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
    ]


def _still_fits(
    path: Path, key: ec.EllipticCurvePrivateKey, wanted: Collection[x509.GeneralName]
) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        return False
    now = datetime.datetime.now(datetime.UTC)
    return (
        certificate.public_key() == key.public_key()
        and certificate.not_valid_before_utc <= now
        and now + _RENEW_BEFORE < certificate.not_valid_after_utc
        and set(wanted) <= set(names)
    )


def _make(
    key: ec.EllipticCurvePrivateKey, wanted: Collection[x509.GeneralName]
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "GhostHands bridge")])
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName(wanted), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
