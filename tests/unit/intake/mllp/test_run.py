"""gateway/intake/mllp/run.py: TLS and the settings that name it"""

import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.core.errors import SettingsError
from gateway.intake.mllp.door import Door
from gateway.intake.mllp.run import tls_of
from gateway.settings import read_settings
from gateway.store import audit
from tests.unit.intake.mllp.conftest import listening, message


class Authority:
    """Signs certificates."""

    def __init__(self, folder, name):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._sign(self.name, self.key.public_key(), ca=True))

    def issue(self, name, *others):
        """A certificate and its key, as files; the others are alternative names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate, secret = (self.folder / f"{name}.{kind}" for kind in ("crt", "key"))
        certificate.write_bytes(self._sign(subject, key.public_key(), *others, ca=False))
        encoding, none = serialization.Encoding.PEM, serialization.NoEncryption()
        secret.write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, none))
        return certificate, secret

    def _sign(self, subject, key, *others, ca):
        now = datetime.now(UTC)
        built = x509.CertificateBuilder(self.name, subject, key, x509.random_serial_number())
        built = built.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        built = built.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *others]), critical=False)
        return built.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path, "authority")


@pytest.fixture
def over_tls(here, authority):
    """The server with a certificate, which asks its clients for theirs."""
    certificate, key = authority.issue("gateway")
    said = replace(here.settings, mllp_certificate=certificate, mllp_key=key, mllp_client_ca=authority.file)
    with listening(Door(replace(here, settings=said)).answer, tls=tls_of(said)) as found:
        yield found


def shown(authority, pair=None):
    """What wraps a client's end, showing a certificate or none."""
    context = ssl.create_default_context(cafile=str(authority.file))
    if pair:
        context.load_cert_chain(*pair)
    return lambda plain: context.wrap_socket(plain, server_hostname="localhost")


def test_a_certificate_of_our_authority_alone_speaks_for_no_clinic(over_tls, authority, here, kept):
    with over_tls.peer(shown(authority, authority.issue("his.riverbend.example"))) as peer:
        assert peer.asks(message("M1"), message("M2", sender="Unknown")) == [("AR", "M1"), ("AR", "M2")]
    assert kept() == []
    assert [event.outcome for event in here.store.read(audit.listing)] == ["4", "4"]


def test_a_client_without_a_certificate_or_with_another_authoritys_hears_nothing(over_tls, authority, tmp_path, kept):
    def answer(wrap):
        try:
            with over_tls.peer(wrap) as peer:
                peer.send(message())
                return peer.answer()
        except OSError:
            return None

    stranger = Authority(tmp_path, "stranger").issue("other")
    ways = [shown(authority), shown(authority, stranger), lambda plain: plain]
    assert [answer(wrap) for wrap in ways] == [None, None, None]
    assert kept() == []


def test_where_a_certificate_is_agreed_no_other_speaks_for_the_clinic(over_tls, authority, overlay, kept):
    overlay("certificates: [his.riverbend.example]\n")
    own, others = (shown(authority, authority.issue(name)) for name in ("his.riverbend.example", "his.harbor.example"))
    with over_tls.peer(others) as peer:
        assert peer.asks(message("M1")) == [("AR", "M1")]
    with over_tls.peer(own) as peer:
        assert peer.asks(message("M2")) == [("AA", "M2")]
    assert kept() == [message("M2")]


@pytest.mark.parametrize("name", [x509.DNSName("his.riverbend.example"), x509.UniformResourceIdentifier("urn:oid:1.2")])
def test_an_alternative_name_that_is_agreed_speaks_as_the_common_name_does(over_tls, authority, overlay, name):
    overlay(f"certificates: ['{name.value}']\n")
    with over_tls.peer(shown(authority, authority.issue("interface engine", name))) as peer:
        assert peer.asks(message("M1")) == [("AA", "M1")]


def test_only_tls_1_2_and_newer_is_spoken(settings, authority):
    certificate, key = authority.issue("gateway")
    context = tls_of(replace(settings, mllp_certificate=certificate, mllp_key=key))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_NONE
    assert tls_of(settings) is None


def test_a_certificate_that_is_none_ends_the_start(settings, tmp_path):
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("no certificate")
    with pytest.raises(SettingsError):
        tls_of(replace(settings, mllp_certificate=nonsense, mllp_key=nonsense))


@pytest.mark.parametrize(
    "said",
    [
        {"GATEWAY_MLLP_CERTIFICATE": "f"},
        {"GATEWAY_MLLP_KEY": "f"},
        {"GATEWAY_MLLP_CLIENT_CA": "f"},
        {"GATEWAY_MLLP_PORT": "70000"},
        {"GATEWAY_MLLP_CONNECTIONS": "0"},
    ],
)
def test_a_setting_that_is_wrong_or_half_is_named_at_the_start(tmp_path, said):
    (tmp_path / "f").write_text("")
    with pytest.raises(SettingsError) as refused:
        read_settings({name: str(tmp_path / "f") if text == "f" else text for name, text in said.items()})
    assert refused.value.place.startswith("GATEWAY_MLLP_")
