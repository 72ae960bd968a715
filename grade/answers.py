"""A student's answers where an exercise asks for some instead of code: a file answersN.toml at the top of the tree. It is hostile as all
that is handed in: small, text, TOML, or else a line that says what to do.

    name = "Ada Lovelace"     whose answers these are; what is asked may depend on it

Names are compared, and used, as plain_name() writes them: capitals, blanks, the ways of writing one letter and what is not seen make no
difference."""

import unicodedata

from .exercises import is_answers, tomllib

LARGEST = 16 << 10  # bytes of a file
LONGEST = 100       # characters of a name


class Unfit(Exception):
    """Why answers cannot be looked at, and the way out; words that follow the file's name."""


def read(data):
    """The table of a file. data: its bytes. Raises Unfit."""
    if len(data) > LARGEST:
        raise Unfit(f"is larger than {LARGEST >> 10} KiB, and no answers are; take out what does not belong there")
    try:
        return tomllib.loads(data.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise Unfit(f"is not UTF-8 text (byte {error.start}); save it as UTF-8") from None
    except RecursionError:
        raise Unfit("holds lists within lists without end; keep to the form of the start version") from None
    except ValueError as error:  # also what Python says of a number with thousands of digits
        raise Unfit(f'is not TOML: {str(error)[:120]}; text stands in "quotes", and each key is there once') from None


def name_of(table):
    """The plain name in a table; "" if none was filled in. Raises Unfit."""
    name = table.get("name")
    if not isinstance(name, str):
        raise Unfit('has no `name`, or it is no text; write a line name = "Ada Lovelace", with your name')
    plain = plain_name(name[:LONGEST])
    if len(name) > LONGEST or not plain.isprintable():
        raise Unfit(f"has a name that is longer than {LONGEST} characters, or holds some that cannot be printed; write it in one line")
    return plain


def plain_name(name):
    shown = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")  # joiners and marks of direction
    return " ".join(unicodedata.normalize("NFKC", shown.casefold()).split())


def names(files):
    """{path: plain name} of the files {path: bytes} that hold answers and a name."""
    found = {}
    for path, data in files.items():
        try:
            found[path] = name_of(read(data)) if is_answers(path) else ""
        except Unfit:
            continue
    return {path: name for path, name in found.items() if name}
