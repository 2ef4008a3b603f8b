"""Taking markup out of text that people will see (bleach has no maintainer any more: nh3 is the way out)."""

from html import unescape

from application.ports import Sanitizer


class BleachSanitizer(Sanitizer):
    def plain(self, unsafe_text: str) -> str:
        from bleach import clean  # imported by the first who needs it

        # bleach answers in HTML ("&amp;"); what we store is text, escaped wherever it is shown. To unescape
        # may bring new markup to light, so again until nothing changes: each round is shorter, or the last.
        text, before = unsafe_text, None
        while text != before:
            text, before = unescape(clean(text, tags=(), strip=True)), text
        return text
