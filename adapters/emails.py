"""The syntax of email addresses, by the email-validator package and by Python's mail library."""

from email import message_from_string, policy
from email.message import EmailMessage

from domain.errors import Invalid

REFUSED = "Enter a valid email address."


def email_syntax(unsafe_email: str) -> tuple[str, str]:
    """The local part and the domain by RFC 5321, 5322 and 6531.

    Quoted local parts and IP addresses as domains are refused. DNS is not asked.
    """
    from email_validator import EmailNotValidError, validate_email  # imported when first needed

    try:
        # `test_environment` allows the domain .test (RFC 2606).
        found = validate_email(unsafe_email, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError:
        # The messages of the package quote the input.
        raise Invalid("email", REFUSED) from None
    local, domain = found.local_part, found.ascii_domain or ""
    if not mailed_unchanged(f"{local}@{domain}"):
        raise Invalid("email", REFUSED)
    return local, domain


def mailed_unchanged(email: str) -> bool:
    """Whether a mail program reads the same address in the header To.

    Some mail libraries decode an encoded word (RFC 2047) in an address, and Python's decodes fewer of them:
    =?utf-8?q?eve=40acme.com?=@example.org is read as eve@acme.com.
    """
    if "=?" in email:
        return False
    message = EmailMessage(policy.SMTPUTF8)
    try:
        message["To"] = email
        read = message_from_string(message.as_string(), policy=policy.default)["To"]
        return [address.addr_spec for address in read.addresses] == [email]
    except Exception:  # the parser raises ValueError, IndexError, AttributeError and others
        return False
