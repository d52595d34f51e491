"""Hypothesis strategies of JSON values that the text-like built-in types take under their default options.

It needs the extra ``phone`` besides ``testing``.
"""

import ipaddress

import phonenumbers
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

#: Text that databases can store.
STORABLE = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"


def _one_case_each(texts: SearchStrategy[str]) -> SearchStrategy[str]:
    """The texts as they are, and in upper and lower case."""
    return texts.flatmap(lambda text: st.sampled_from([text, text.upper(), text.lower()]))


def _words(alphabet: str, longest: int) -> SearchStrategy[str]:
    return st.text(alphabet, min_size=1, max_size=longest)


_LABELS = st.lists(_words(_LETTERS + _DIGITS, 10), min_size=1, max_size=2).map("-".join)
# Letters first: a last label of digits, or "xn" and hyphens in places, would be something else.
_HOSTS = st.builds(
    "{}.{}".format,
    st.lists(_LABELS, min_size=1, max_size=3).map(".".join),
    st.sampled_from(["org", "com", "de", "example.net", "museum"]),
)


def emails() -> SearchStrategy[str]:
    local = st.lists(_words(_LETTERS + _LETTERS.upper() + _DIGITS + "!#$%&'*+/=?^_`{|}~-", 12), min_size=1, max_size=4)
    return st.builds("{}@{}".format, local.map(".".join), _one_case_each(_HOSTS))


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


def phones() -> SearchStrategy[str]:
    """Numbers near each country's example, as the library itself judges them."""

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
    made = st.builds(near, st.sampled_from(regions), st.integers(0, 99), st.sampled_from(shapes))
    return made.filter(lambda number: number is not None)


def colours() -> SearchStrategy[str]:
    return _one_case_each(st.integers(0, 0xFFFFFF).map("#{:06x}".format))


def ip_addresses() -> SearchStrategy[str]:
    def written(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> SearchStrategy[str]:
        return st.sampled_from([str(address), address.exploded, address.exploded.upper()])

    return st.ip_addresses().flatmap(written)


#: Name of a type -> JSON values that it takes.
STRATEGIES: dict[str, SearchStrategy] = {
    "string": st.text(STORABLE, max_size=255),
    "text": st.text(STORABLE),
    "boolean": st.booleans(),
    "email": emails(),
    "url": urls(),
    "slug": slugs(),
    "phone": phones(),
    "colour": colours(),
    "uuid": _one_case_each(st.uuids(allow_nil=True).map(str)),
    "ip_address": ip_addresses(),
}
