"""Admitting people: *link, password or token -> session -> principal*.

Every function takes the ``Door`` first; every change names the principal who makes it, checks the role, then the
state, and is written with its audit row in one transaction.
"""

from moorage.admitting.bearer import new_bearer
from moorage.admitting.choosing import choose_password, enter_by_link, may_choose
from moorage.admitting.door import Door, SlowPasswords
from moorage.admitting.email import normal_email
from moorage.admitting.links import Link, first_admin, look_at_link, make_link
from moorage.admitting.machine import MACHINE_MARK, principal_of_machine
from moorage.admitting.passwords import MAX_LETTERS, MIN_LETTERS, check_password
from moorage.admitting.sessions import SignedIn, change_password, principal_of_session, sign_in, sign_out
from moorage.admitting.tokens import NewToken, add_token, list_tokens, principal_of_token, remove_token
from moorage.admitting.users import (
    Member,
    add_user,
    find_user,
    list_users,
    remove_user,
    set_disabled,
    set_password,
    set_role,
)

__all__ = [
    "MACHINE_MARK",
    "MAX_LETTERS",
    "MIN_LETTERS",
    "Door",
    "Link",
    "Member",
    "NewToken",
    "SignedIn",
    "SlowPasswords",
    "add_token",
    "add_user",
    "change_password",
    "check_password",
    "choose_password",
    "enter_by_link",
    "find_user",
    "first_admin",
    "list_tokens",
    "list_users",
    "look_at_link",
    "make_link",
    "may_choose",
    "new_bearer",
    "normal_email",
    "principal_of_machine",
    "principal_of_session",
    "principal_of_token",
    "remove_token",
    "remove_user",
    "set_disabled",
    "set_password",
    "set_role",
    "sign_in",
    "sign_out",
]
