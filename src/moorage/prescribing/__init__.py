"""Prescribing documents: wish -> modes -> rights -> document -> form; pasted policy -> findings."""

from moorage.prescribing.checking import check_policy
from moorage.prescribing.cors import cors_rules
from moorage.prescribing.document import Document, Form, Kind
from moorage.prescribing.findings import Finding, Weight
from moorage.prescribing.modes import MEANING, Mode
from moorage.prescribing.prescribe import kinds_of, modes_of, prescribe
from moorage.prescribing.registered import wish_for
from moorage.prescribing.session import session_policy
from moorage.prescribing.soundness import sound
from moorage.prescribing.wish import Server, Wish

__all__ = [
    "MEANING",
    "Document",
    "Finding",
    "Form",
    "Kind",
    "Mode",
    "Server",
    "Weight",
    "Wish",
    "check_policy",
    "cors_rules",
    "kinds_of",
    "modes_of",
    "prescribe",
    "session_policy",
    "sound",
    "wish_for",
]
