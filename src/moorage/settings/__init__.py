"""Every setting: gather (flag, environment, .env, moorage.toml) -> check -> one frozen Settings.

Nobody else reads the environment.
"""

from moorage.settings.fields import Settings
from moorage.settings.showing import Shown, reference, shown

__all__ = ["Settings", "Shown", "reference", "shown"]
