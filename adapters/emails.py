"""What the standards say of email addresses (the email-validator package)."""

from domain.errors import Invalid


def email_syntax(unsafe_email: str) -> tuple[str, str]:
    """RFC 5321/5322/6531 without DNS look-ups, quoted local parts and address literals."""
    from email_validator import EmailNotValidError, validate_email  # imported by the first who needs it

    try:
        # `test_environment` lets the domain .test in (RFC 2606): it harms nobody, and demos need it.
        found = validate_email(unsafe_email, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError:
        # Its own sentences quote what was typed.
        raise Invalid("email", "That does not look like an email address.") from None
    return found.local_part, found.ascii_domain or ""
