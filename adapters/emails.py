"""Email addresses by the standards (the email-validator package), and as the mail library reads them."""

from email import message_from_string, policy
from email.message import EmailMessage

from domain.errors import Invalid

REFUSED = "Enter a valid email address."


def email_syntax(unsafe_email: str) -> tuple[str, str]:
    """RFC 5321/5322/6531 without DNS look-ups, quoted local parts and address literals."""
    from email_validator import EmailNotValidError, validate_email  # imported when first needed

    try:
        # `test_environment` allows the domain .test (RFC 2606), which demos need.
        found = validate_email(unsafe_email, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError:
        # The package's own messages quote the input.
        raise Invalid("email", REFUSED) from None
    local, domain = found.local_part, found.ascii_domain or ""
    if not mailed_unchanged(f"{local}@{domain}"):
        raise Invalid("email", REFUSED)
    return local, domain


def mailed_unchanged(email: str) -> bool:
    """Whether a header To with this address is read as the same address.

    Mail libraries decode an encoded word (RFC 2047) inside an address, some of them also where Python does
    not: =?utf-8?q?eve=40acme.com?=@example.org would name eve@acme.com.
    """
    if "=?" in email:
        return False
    message = EmailMessage(policy.SMTPUTF8)
    try:
        message["To"] = email
        read = message_from_string(message.as_string(), policy=policy.default)["To"]
        return [address.addr_spec for address in read.addresses] == [email]
    except Exception:  # its parser fails in many ways: ValueError, IndexError, AttributeError
        return False
