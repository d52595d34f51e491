"""Hypothesis strategies of JSON values that the text-like built-in types take under their default options.

Types with a normal form have pairs (value, answer); the answers do not come from the type's own code. The module needs
the extra ``phone`` besides ``testing``.
"""

import ipaddress
import re

import phonenumbers
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from dynmodel_pyramid.testing.strategies_structured import TEXTS

#: (value, answer)
Pairs = SearchStrategy[tuple[str, str]]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"


def _one_case_each(texts: SearchStrategy[str]) -> SearchStrategy[str]:
    """The texts as they are, and in upper and lower case."""
    return texts.flatmap(lambda text: st.sampled_from([text, text.upper(), text.lower()]))


def _answered_in_lower_case(texts: SearchStrategy[str]) -> Pairs:
    return _one_case_each(texts).map(lambda text: (text, text.lower()))


def _words(alphabet: str, longest: int) -> SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=longest)


_LABELS = st.lists(_words(_LETTERS + _DIGITS, 10), min_size=1, max_size=2).map("-".join)
# Letters first: a last label of digits, or "xn" with hyphens, would have another meaning.
_HOSTS = st.builds(
    "{}.{}".format,
    st.lists(_LABELS, min_size=1, max_size=3).map(".".join),
    st.sampled_from(["org", "com", "de", "example.net", "museum"]),
)


def emails() -> Pairs:
    local = st.lists(_words(_LETTERS + _LETTERS.upper() + _DIGITS + "!#$%&'*+/=?^_`{|}~-", 12), min_size=1, max_size=4)

    def written(local: str, host: tuple[str, str]) -> tuple[str, str]:
        return f"{local}@{host[0]}", f"{local}@{host[1]}"

    return st.builds(written, local.map(".".join), _answered_in_lower_case(_HOSTS))


def urls() -> SearchStrategy[str]:
    plain = _LETTERS + _LETTERS.upper() + _DIGITS + "-._~!$&'()*+,;=:@"
    part = st.lists(_words(plain, 10) | st.integers(0, 255).map("%{:02X}".format), max_size=3).map("".join)
    return st.builds(
        "{}://{}{}{}{}".format,
        st.sampled_from(["http", "https", "HTTP"]),
        _one_case_each(_HOSTS) | st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map("[{}]".format),
        st.just("") | st.integers(0, 65535).map(":{}".format),
        st.lists(part, max_size=4).map(lambda parts: "".join(f"/{text}" for text in parts)),
        st.just("") | part.map("?{}".format) | part.map("#{}".format),
    )


def slugs() -> SearchStrategy[str]:
    return st.lists(_words(_LETTERS + _DIGITS, 10), min_size=1, max_size=8).map("-".join)


def phones() -> Pairs:
    """Numbers near each country's example that the library itself accepts."""

    def near(region: str, last: int, shape: int) -> str | None:
        example = phonenumbers.example_number(region)
        if example is None:
            return None
        digits = str(example.national_number)
        example.national_number = int(digits[:-2] + f"{last:02}")
        if not phonenumbers.is_valid_number(example):
            return None
        return phonenumbers.format_number(example, shape)

    shapes = (phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    numbers = st.builds(near, st.sampled_from(regions), st.integers(0, 99), st.sampled_from(shapes))
    # Both shapes have all digits; E.164 has nothing else.
    return numbers.filter(bool).map(lambda number: (number or "", "+" + re.sub(r"\D", "", number or "")))


def colours() -> Pairs:
    return _answered_in_lower_case(st.integers(0, 0xFFFFFF).map("#{:06x}".format))


def uuids() -> Pairs:
    return _answered_in_lower_case(st.uuids(allow_nil=True).map(str))


def ip_addresses() -> Pairs:
    def written(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Pairs:
        mapped = address.ipv4_mapped if address.version == 6 else None
        # RFC 5952, section 5; Python writes this form only from 3.13 on.
        answer = str(address) if mapped is None else f"::ffff:{mapped}"
        return st.sampled_from([str(address), address.exploded, address.exploded.upper()]).map(
            lambda text: (text, answer)
        )

    return st.ip_addresses().flatmap(written)


#: Name of a type -> its valid JSON values, or pairs.
STRATEGIES: dict[str, SearchStrategy] = {
    "string": TEXTS.filter(lambda text: len(text) <= 255),
    "text": TEXTS,
    "boolean": st.booleans(),
    "email": emails(),
    "url": urls(),
    "slug": slugs(),
    "phone": phones(),
    "colour": colours(),
    "uuid": uuids(),
    "ip_address": ip_addresses(),
}
