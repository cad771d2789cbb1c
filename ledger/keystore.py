"""Secret keys on disk: the ledger's own, witnesses', and people's.

They lie in the user's configuration folder, files of mode 0600, a person's encrypted by a passphrase; never in the
workspace, but for the demo's, which say so in their first line. A person may have several, so that one can follow
another; OpenSSH's Ed25519 keys serve as they are, in a file or in an agent.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from ledger import keyfiles, sshagent
from ledger.errors import InputError, KeyUnavailable
from ledger.format import cosignature, dsse, names, openssh
from ledger.format.errors import FormatError
from ledger.format.keys import PublicKey, SecretKey, SigningKey, VerifierKey

DEMO_FOLDER = "demo-keys"
DEMO_MARK = "# DEMO KEY: not encrypted, known to anyone who has this folder. Never use it for anything real.\n"

Passphrase = Callable[[str], bytes]
"""Asks for the passphrase of the named person's key."""


def default_folder() -> Path:
    """``keys`` in the user's configuration folder, as the platform has it."""
    from platformdirs import user_config_path

    return user_config_path("assay", appauthor=False) / "keys"


class Keystore:
    """A folder of secret keys: ``people/<name>.pem``, ``ledgers/<key id>.pem``, ``witnesses/<name>.pem``.

    A person's further keys are ``people/<name>~<beginning of the key's hash>.pem``: no name holds a ``~``.
    """

    def __init__(self, folder: Path | None = None, *, demo: bool = False) -> None:
        """Args: the folder, made when first needed, the user's where ``None``; whether its keys are a demo's."""
        self._folder = folder
        self.demo = demo

    @cached_property
    def folder(self) -> Path:
        """The folder of the keys."""
        return default_folder() if self._folder is None else self._folder

    @classmethod
    def for_ledger(cls, path: Path, folder: Path | None = None) -> Keystore:
        """The keys that go with a ledger's file: ``folder``, else a demo's keys beside it, else the user's."""
        if folder is not None:
            return cls(folder, demo=folder.name == DEMO_FOLDER)
        beside = path.parent / DEMO_FOLDER
        return cls(beside, demo=True) if beside.is_dir() else cls()

    # People's keys

    def has_person(self, name: str) -> bool:
        """Whether a secret key of ``name`` lies here."""
        return bool(self._files(name))

    def make_person(self, name: str, passphrase: bytes | None = None, *, another: bool = False) -> PublicKey:
        """Make and keep a key for ``name``, encrypted where a passphrase is given.

        Args:
            name: the person or automation identity.
            passphrase: encrypts the key.
            another: they have a key here, and this is a further one.

        Raises:
            InputError: there is one already, and ``another`` was not asked for.
        """
        secret = SecretKey.generate()
        self._write(self._place_for(name, secret.public, another=another), secret, passphrase)
        return secret.public

    def adopt(self, name: str, file: Path) -> PublicKey:
        """Keep a copy of an Ed25519 key from elsewhere as a key of ``name``, encrypted as it is.

        Raises:
            InputError: the file is no such key, or it lies here already.
        """
        try:
            data = file.read_bytes()
            public = keyfiles.public_half(data) or _beside(file)
        except OSError as error:
            raise InputError(f"{file} cannot be read: {error.strerror}") from None
        if public is None:
            raise InputError(f"{file} is no Ed25519 secret key; `ssh-keygen -t ed25519` makes one")
        if public in self.held(name):
            raise InputError(f"this key of {name} lies in {self.folder} already")
        self._keep(self._place_for(name, public, another=True), data, public)
        return public

    def held(self, name: str) -> list[PublicKey]:
        """The public halves of the keys of ``name`` that lie here, the first made first."""
        return [self._public(path) for path in self._files(name)]

    def public(self, name: str) -> PublicKey:
        """The public half of the key of ``name`` that was made last, readable without the passphrase."""
        held = self.held(name)
        if not held:
            raise self._absent(name)
        return held[-1]

    def is_encrypted(self, name: str) -> bool:
        """Whether opening the key of ``name`` takes a passphrase."""
        files = self._files(name)
        if not files:
            raise self._absent(name)
        return keyfiles.is_encrypted(_read(files[-1]))

    def unlock(
        self,
        name: str,
        passphrase: Passphrase | None = None,
        *,
        among: Collection[str] | None = None,
        agent: str | None = None,
    ) -> SigningKey:
        """A key of ``name`` to sign with.

        Args:
            name: the person or automation identity.
            passphrase: asked for only where the key is encrypted.
            among: the keys that count (base64 of 32 bytes each): one of them that lies here is taken, else one that the
                agent holds, else whatever lies here. Where ``None``, the key that was made last.
            agent: the socket of an ``ssh-agent``.

        Raises:
            KeyUnavailable: there is none, or the passphrase is wrong or cannot be asked for.
        """
        files = self._files(name)
        valid = [path for path in files if among is None or str(self._public(path)) in among]
        if not valid and among and agent:
            for each in sshagent.keys(agent):
                if str(each.public) in among:
                    return each
        if not files:
            raise self._absent(name)
        return open_file((valid or files)[-1], name, passphrase)

    # The ledger's keys

    def make_ledger(self, origin: str) -> VerifierKey:
        """Make and keep a key for a ledger; returns its verifier key."""
        secret = SecretKey.generate()
        verifier = VerifierKey.ed25519(origin, secret.public)
        self._write(self._ledger(verifier), secret, None)
        return verifier

    def ledger(self, verifier: VerifierKey) -> SecretKey | None:
        """The secret key behind a ledger's verifier key, or ``None`` where it is not held here."""
        path = self._ledger(verifier)
        if not path.exists():
            return None
        try:
            secret = keyfiles.load(path.read_bytes(), None)
        except (ValueError, OSError) as error:
            raise KeyUnavailable(f"{path} cannot be used as the ledger's key: {error}") from None
        if secret.public.raw != verifier.public:
            raise KeyUnavailable(f"{path} is not the key that {verifier.name} names; put the right one back")
        return secret

    @contextmanager
    def signing(self, verifier: VerifierKey) -> Iterator[None]:
        """Hold a ledger's key to oneself: no other process compares, signs and remembers within the block.

        The writers' lock does not suffice: two copies of a ledger have one key and a lock each.
        """
        path = self._ledger(verifier).with_suffix(".lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise KeyUnavailable(f"cannot lock the key at {path}: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def last_signed(self, verifier: VerifierKey) -> tuple[int, str] | None:
        """The size and root (hex) of the last checkpoint that was signed with a ledger's key, or ``None``."""
        path = self._ledger(verifier).with_suffix(".signed")
        try:
            state = json.loads(path.read_text())
            return int(state["size"]), str(state["root"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise KeyUnavailable(
                f"{path} does not say what was signed last ({error}); restore it before signing"
            ) from None

    def remember_signed(self, verifier: VerifierKey, size: int, root: str) -> None:
        """Keep, durably and before the signature is handed out, what was signed last. The key is locked."""
        path = self._ledger(verifier).with_suffix(".signed")
        try:
            for draft in path.parent.glob(f"{path.name}.*.new"):  # of a process that was killed while it wrote
                draft.unlink(missing_ok=True)
            keyfiles.replace(path, json.dumps({"root": root, "size": size}).encode() + b"\n")
        except OSError as error:
            raise KeyUnavailable(
                f"cannot keep what is signed at {path}: {error.strerror}; nothing was signed"
            ) from None

    # Witnesses' keys

    def make_witness(self, name: str) -> VerifierKey:
        """Make and keep a witness's key; returns its verifier key (Ed25519 cosignatures, type 0x04).

        Raises:
            InputError: there is one of this name already.
        """
        path = self._witness(name)
        if path.exists():
            raise InputError(f"{path} holds a key of the witness {name} already; a key is never overwritten")
        secret = SecretKey.generate()
        self._write(path, secret, None)
        return VerifierKey(name, cosignature.ED25519, secret.public.raw)

    def witnesses(self) -> list[str]:
        """The names of the witnesses whose keys lie here."""
        return sorted(names.unquote(path.stem) for path in (self.folder / "witnesses").glob("*.pem"))

    def witness(self, name: str) -> tuple[SecretKey, Path]:
        """A witness's secret key, and the folder of its state.

        Raises:
            KeyUnavailable: there is none of this name, or it cannot be read.
        """
        path = self._witness(name)
        try:
            return keyfiles.load(path.read_bytes(), None), path.with_suffix("")
        except FileNotFoundError:
            raise KeyUnavailable(
                f"there is no key of a witness {name} in {self.folder}; `assay witness init {name}` makes one"
            ) from None
        except (ValueError, OSError) as error:
            raise KeyUnavailable(f"{path} cannot be used as a witness's key: {error}") from None

    # Within

    def _files(self, name: str) -> list[Path]:
        """The files of a person's keys, the first made first."""
        stem = names.quote(name)
        folder = self.folder / "people"
        own = [path for path in [folder / f"{stem}.pem"] if path.exists()]
        more = sorted(folder.glob(f"{stem}~*.pem"), key=lambda path: (path.stat().st_mtime_ns, path.name))
        return own + more

    def _place_for(self, name: str, public: PublicKey, *, another: bool) -> Path:
        first = self.folder / "people" / f"{names.quote(name)}.pem"
        if not self._files(name):
            return first
        if not another:
            raise InputError(f"{first} holds a key of {name} already; a key is never overwritten")
        return first.with_name(f"{first.stem}~{dsse.key_hint(public)[:16]}.pem")

    def _public(self, path: Path) -> PublicKey:
        beside = path.with_suffix(".pub")
        try:
            return PublicKey.parse(beside.read_text().strip())
        except FileNotFoundError:
            public = keyfiles.public_half(_read(path))
        except ValueError as error:
            raise KeyUnavailable(f"{beside} is no public key: {error}") from None
        if public is None:
            raise KeyUnavailable(f"{beside} is missing, and {path} tells its public key only to its passphrase")
        return public

    def _ledger(self, verifier: VerifierKey) -> Path:
        return self.folder / "ledgers" / f"{verifier.id.hex()}.pem"

    def _witness(self, name: str) -> Path:
        return self.folder / "witnesses" / f"{names.quote(name)}.pem"

    def _absent(self, name: str) -> KeyUnavailable:
        return KeyUnavailable(f"there is no secret key of {name} in {self.folder}; `assay people add {name}` makes one")

    def _write(self, path: Path, secret: SecretKey, passphrase: bytes | None) -> None:
        mark = DEMO_MARK.encode() if self.demo else b""
        self._keep(path, mark + keyfiles.save(secret, passphrase), secret.public)

    def _keep(self, path: Path, data: bytes, public: PublicKey) -> None:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            keyfiles.replace(path.with_suffix(".pub"), f"{public}\n".encode())
            keyfiles.replace(path, data)
        except OSError as error:
            raise KeyUnavailable(f"cannot keep a key at {path}: {error.strerror}") from None


def open_file(path: Path, name: str, passphrase: Passphrase | None = None, *, agent: str | None = None) -> SigningKey:
    """The key in a file, to sign with; for a public key's file, the one that the agent holds.

    Args:
        path: an Ed25519 secret key (PEM or OpenSSH), or the public half of one.
        name: whose it is, for the question and for errors.
        passphrase: asked for only where the key is encrypted.
        agent: the socket of an ``ssh-agent``.

    Raises:
        KeyUnavailable: the file holds no such key, or its passphrase is wrong or cannot be asked for.
    """
    data = _read(path)
    if data.startswith(openssh.ED25519.encode()):
        return _in_agent(path, data, agent)
    word: bytes | None = None
    if keyfiles.is_encrypted(data):
        if passphrase is None:
            raise KeyUnavailable(
                f"the key of {name} is encrypted; set ASSAY_PASSPHRASE_FILE or run this in a terminal to be asked"
            )
        word = passphrase(name)
    try:
        return keyfiles.load(data, word)
    except ValueError:
        raise KeyUnavailable(f"{path} does not open: a wrong passphrase, or no Ed25519 key") from None


def _in_agent(path: Path, data: bytes, agent: str | None) -> SigningKey:
    try:
        public = openssh.parse_public(data.decode("utf-8", "replace"))
    except FormatError as error:
        raise KeyUnavailable(f"{path}: {error}") from None
    if not agent:
        raise KeyUnavailable(f"{path} is a public key, and no ssh-agent runs here that could hold its other half")
    for each in sshagent.keys(agent):
        if each.public == public:
            return each
    raise KeyUnavailable(f"ssh-agent does not hold the key of {path}; `ssh-add` gives it one")


def _beside(file: Path) -> PublicKey | None:
    """The public key in the file beside a secret one: OpenSSH's line, or base64."""
    try:
        text = file.with_name(f"{file.name}.pub").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None
    for parse in (openssh.parse_public, PublicKey.parse):
        try:
            return parse(text)
        except FormatError:
            continue
    return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyUnavailable(f"{path} cannot be read: {error.strerror}") from None
