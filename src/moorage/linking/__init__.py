"""Linking by the list: spool -> read -> resolve -> catalogue; and checking: walk -> look -> note."""

from moorage.linking.checking import Checking
from moorage.linking.importing import Importing
from moorage.linking.mending import Sent, harmless
from moorage.linking.spool import Spool
from moorage.linking.verbs import Links
from moorage.linking.wishing import Wanted

__all__ = ["Checking", "Importing", "Links", "Sent", "Spool", "Wanted", "harmless"]
