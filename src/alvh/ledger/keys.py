"""Ed25519 keys: a private one stays in a file that only its owner can read."""

import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alvh.errors import LedgerError
from alvh.ledger.chain import canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_OWNER_ONLY = 0o600
_LONGEST_NAME = 40  # characters that are repeated; the text of a key has lines of 64


class SigningKey:
    """A private key that signs and does not show itself.

    Parameters
    ----------
    private : Ed25519PrivateKey
        The key.

    References
    ----------
    RFC 8032, Edwards-Curve Digital Signature Algorithm.
    """

    def __init__(self, private: "Ed25519PrivateKey") -> None:
        self._private = private

    @property
    def public(self) -> str:
        """The public key, 64 hexadecimal digits."""
        return self._private.public_key().public_bytes_raw().hex()

    def sign(self, purpose: str, content: dict[str, Any]) -> str:
        """Return the signature of ``content`` for ``purpose``, 128 hexadecimal digits."""
        return self._private.sign(_payload(purpose, content)).hex()

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public})"

    def __reduce__(self) -> str:
        raise LedgerError("a private key is not copied or pickled; load it from its file")


def is_signed(public: str, purpose: str, content: dict[str, Any], signature: str) -> bool:
    """Return whether ``signature`` is that of ``content`` for ``purpose`` by the key ``public``.

    Parameters
    ----------
    public, signature : str
        Hexadecimal; what is no key or no signature is not a signature.
    purpose : str
        What was signed for, so that a signature for one thing does not serve another.
    content : dict
        What was signed, as canonical JSON.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), _payload(purpose, content))
    except (InvalidSignature, ValueError):
        return False
    return True


def create_key(path: str | Path) -> SigningKey:
    """Make a new key in a file that only its owner can read, never over an existing one.

    Raises
    ------
    LedgerError
        Where ``path`` exists or cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    _write_whole(Path(path), _pem(private))
    return SigningKey(private)


def load_key(path: str | Path) -> SigningKey:
    """Load a private key.

    Raises
    ------
    LedgerError
        Where there is no such file, others may read it, or it holds no Ed25519 key. No message
        repeats what the file holds.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    text = _read_private(Path(path))
    try:
        private = load_pem_private_key(text, password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise LedgerError(f"{path} holds no Ed25519 key; make one with `alvh ledger key new`")
    return SigningKey(private)


def _payload(purpose: str, content: dict[str, Any]) -> bytes:
    return f"alvh {purpose}\n{canonical(content, purpose)}".encode()


def _pem(private: "Ed25519PrivateKey") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_whole(path: Path, text: bytes) -> None:
    """Write beside and link, which unlike a rename refuses to replace a file."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with open(os.open(beside, flags, _OWNER_ONLY), "wb") as file:
            file.write(text)
            os.fsync(file.fileno())
        os.link(beside, path)
    except FileExistsError as error:
        raise LedgerError(f"{path} exists already; a key is never overwritten") from error
    except OSError as error:
        raise LedgerError(
            f"the key {_named(path)} cannot be written: {error.strerror}; nothing was made; choose "
            "a folder that is there and has room"
        ) from error
    finally:
        beside.unlink(missing_ok=True)


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if os.name == "posix" and mode & 0o077:
                raise LedgerError(
                    f"the key {path} has mode {mode:04o}, so others may have read it; wanted "
                    f"{_OWNER_ONLY:04o}; `chmod 600` it, and make a new one if it was seen"
                )
            return file.read()
    except OSError as error:
        fault = LedgerError(f"the key {_named(path)} cannot be read: {error.strerror}")
    except ValueError:
        fault = LedgerError(f"the key {_named(path)} cannot be read; wanted the path of a file")
    raise fault  # outside, so that no cause repeats what may be the key itself


def _named(path: Path) -> str:
    """Return a path as it is, unless it may be a key that was given in place of its file."""
    text = path.name if os.path.isdir(path.parent) else str(path)
    if len(text) <= _LONGEST_NAME and "\n" not in text:
        return str(path)
    return f"in a file whose name has {len(text)} characters"
