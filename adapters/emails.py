"""The syntax of email addresses by the standards (the email-validator package)."""

from domain.errors import Invalid


def email_syntax(unsafe_email: str) -> tuple[str, str]:
    """RFC 5321/5322/6531 without DNS look-ups, quoted local parts and address literals."""
    from email_validator import EmailNotValidError, validate_email  # imported when first needed

    try:
        # `test_environment` allows the domain .test (RFC 2606), which demos need.
        found = validate_email(unsafe_email, check_deliverability=False, strict=True, test_environment=True)
    except EmailNotValidError:
        # The package's own messages quote the input.
        raise Invalid("email", "Enter a valid email address.") from None
    return found.local_part, found.ascii_domain or ""
