"""Linking by the list: spool -> read -> resolve -> catalogue; and checking: walk -> look -> note."""

from moorage.linking.checking import Checking
from moorage.linking.importing import Importing, OpenBucket
from moorage.linking.spool import Spool
from moorage.linking.verbs import Links, Wanted

__all__ = ["Checking", "Importing", "Links", "OpenBucket", "Spool", "Wanted"]
