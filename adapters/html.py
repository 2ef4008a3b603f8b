"""Removes markup from text that other users see (bleach is no longer maintained; nh3 can replace it)."""

from html import unescape

from application.ports import Sanitizer


class BleachSanitizer(Sanitizer):
    def plain(self, unsafe_text: str) -> str:
        from bleach import clean  # imported when first needed

        # bleach returns HTML ("&amp;"), but the stored form is text, escaped wherever it is shown. Unescaping
        # can produce new markup, so this repeats until nothing changes. Each round is shorter, or the last.
        text, before = unsafe_text, None
        while text != before:
            text, before = unescape(clean(text, tags=(), strip=True)), text
        return text
