"""Keys of AWS that nobody keeps: a role -> its temporary keys -> renewed before they end."""

from moorage.stores.aws.identities import Identities, Site, Temporary
from moorage.stores.aws.machine import Machine
from moorage.stores.aws.minted import Minted
from moorage.stores.aws.renewing import Renewing

__all__ = ["Identities", "Machine", "Minted", "Renewing", "Site", "Temporary"]
