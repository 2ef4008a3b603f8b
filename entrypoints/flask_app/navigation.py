"""The links of the header, and nothing else. Add yours here: on a phone they move into the menu."""

from domain.access import Permission, SignedIn

Links = list[tuple[str, str]]

# For clients without a session, for example ("Pricing", "/pricing").
FOR_STRANGERS: Links = []

# For users, beside the switcher of teams. One line for each word: FOR_USERS += [("Notes", "/notes")]
FOR_USERS: Links = [("Home", "/")]


def links(actor: SignedIn | None) -> Links:
    """The links of the header. On a narrow screen they are in the menu."""
    return FOR_USERS if actor else FOR_STRANGERS


def account_links(actor: SignedIn | None) -> Links:
    """The links of the account menu, above "Log out"."""
    if actor is None:
        return []
    found = [("Settings", "/settings"), ("Teams", "/teams")]
    if actor.may(Permission.SEE_USERS):
        found.append(("Administration", "/admin"))
    return found
