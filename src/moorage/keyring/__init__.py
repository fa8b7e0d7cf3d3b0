"""Everything that is secret rests on one ring of keys: sealing, signing URLs, and slow password hashes."""

from moorage.keyring.canary import check_canary, new_canary
from moorage.keyring.keyfile import add_key, drop_old_keys, make_key_file, open_key_ring, replace_key_file
from moorage.keyring.passwords import Argon2Passwords
from moorage.keyring.ring import KeyRing
from moorage.keyring.sealer import RingSealer
from moorage.keyring.signer import RingSigner

__all__ = [
    "Argon2Passwords",
    "KeyRing",
    "RingSealer",
    "RingSigner",
    "add_key",
    "check_canary",
    "drop_old_keys",
    "make_key_file",
    "new_canary",
    "open_key_ring",
    "replace_key_file",
]
