"""Removes markup from text that other users see. bleach is no longer maintained: nh3 can replace it."""

from html import unescape

from application.ports import Sanitizer


class BleachSanitizer(Sanitizer):
    def plain(self, unsafe_text: str) -> str:
        from bleach import clean  # imported when first needed

        # bleach returns HTML ("&amp;"), but text is stored. Unescaping can make new markup, so this repeats
        # until the text stays the same. Each round before that makes it shorter.
        text, before = unsafe_text, None
        while text != before:
            text, before = unescape(clean(text, tags=(), strip=True)), text
        return text
