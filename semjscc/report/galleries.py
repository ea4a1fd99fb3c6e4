"""Galleries: what was sent beside what each system delivered, with a slider over SNR."""

from collections.abc import Sequence
from itertools import groupby

from semjscc.evaluation import Exhibit
from semjscc.plots import AXES, snr_kind
from semjscc.report.drawings import picture, sheet
from semjscc.report.found import Entry
from semjscc.report.markup import escaped, slug


def gallery(entries: Sequence[Entry]) -> str:
    """Systems of one data set and one meaning of SNR side by side; sheets for those that have only these."""
    shown = [entry for entry in entries if entry.exhibits]
    sheets = [_sheet(entry) for entry in entries if entry.sheet]
    return (_sliding(shown) if shown else "") + "".join(sheets)


def _sheet(entry: Entry) -> str:
    one, path = entry.results, entry.sheet
    assert path is not None
    alt = f"{one.system} on {one.data}: pictures as sent and as delivered from {_span(one.snr_db)}, with the text heard"
    return f"<figure>{sheet(path, alt)}<figcaption>{escaped(one.system)}</figcaption></figure>"


def _sliding(entries: Sequence[Entry]) -> str:
    first = entries[0].results
    snr_db = sorted({snr for entry in entries for snr in entry.snr_db})
    rows = "".join(_row(i, sent, caption, some, snr_db) for i, (sent, caption, some) in enumerate(_same(entries)))
    return f'<div class="gallery">{_slider(first.data, snr_kind(first), snr_db)}{rows}</div>'


def _slider(data: str, kind: str, snr_db: Sequence[float]) -> str:
    """Hidden until the script is there that makes it work."""
    name, start = slug(data, kind, "snr"), len(snr_db) // 2
    steps = " ".join(f"{snr:g}" for snr in snr_db)
    label = escaped(AXES.get(kind, AXES["rx"]))
    now = f"{snr_db[start]:g} dB"
    return (
        f'<div class="slider" hidden><label for="{name}">{label}</label>'
        f'<input type="range" id="{name}" min="0" max="{len(snr_db) - 1}" step="1" value="{start}" '
        f'data-snr="{steps}" aria-valuetext="{now}"><output for="{name}">{now}</output></div>'
    )


def _same(entries: Sequence[Entry]) -> list[tuple[Exhibit, str, list[tuple[Entry, Exhibit]]]]:
    """The exhibits of all systems by the picture that was sent, with the words that a system said of it."""
    rows: dict[bytes, list[tuple[Entry, Exhibit]]] = {}
    for entry in entries:
        for exhibit in entry.exhibits:
            rows.setdefault(exhibit.sent.numpy().tobytes(), []).append((entry, exhibit))
    return [(some[0][1], next((one.caption for _, one in some if one.caption), ""), some) for some in rows.values()]


def _row(i: int, sent: Exhibit, caption: str, some: Sequence[tuple[Entry, Exhibit]], snr_db: Sequence[float]) -> str:
    about = f": {caption}" if caption else ""
    original = (
        f'<figure class="cell"><figcaption>sent</figcaption>{picture(sent.sent, f"Picture {i + 1} as sent{about}")}'
        f'<p class="heard">{escaped(caption)}</p></figure>'
    )
    cells = "".join(_cell(i, entry, exhibit, snr_db) for entry, exhibit in some)
    return f'<div class="row">{original}{cells}</div>'


def _cell(i: int, entry: Entry, exhibit: Exhibit, snr_db: Sequence[float]) -> str:
    """A system's deliveries; neighbours that are the same, picture and words, are held once."""
    system, held = entry.results.system, []
    points = range(len(entry.snr_db))
    for _, same in groupby(points, key=lambda p: (exhibit.delivered[p].numpy().tobytes(), exhibit.heard[p])):
        some = list(same)
        heard, span = exhibit.heard[some[0]], _span([entry.snr_db[p] for p in some])
        alt = f"Picture {i + 1} as {system} delivers it at {span}" + (f", which heard: {heard}" if heard else "")
        at = [snr_db.index(entry.snr_db[p]) for p in some]
        held.append(_held(at, picture(exhibit.delivered[some[0]], alt), span, heard, len(snr_db)))
    missing = [p for p, snr in enumerate(snr_db) if snr not in entry.snr_db]
    if missing:
        held.append(_held(missing, "", "not sent at this SNR", "", len(snr_db)))
    return f'<figure class="cell"><figcaption>{escaped(system)}</figcaption>{"".join(held)}</figure>'


def _held(at: Sequence[int], image: str, span: str, heard: str, count: int) -> str:
    """What is shown at some points of the slider; without a script, that of the first and the last."""
    hidden = "" if image and {0, count - 1} & {*at} else " hidden"
    points = " ".join(map(str, at))
    words = f'<p class="heard">{escaped(heard)}</p>' if heard else ""
    return f'<div class="held" data-at="{points}"{hidden}>{image}<p class="snr">{escaped(span)}</p>{words}</div>'


def _span(snr_db: Sequence[float]) -> str:
    return f"{snr_db[0]:g} dB" if len(snr_db) == 1 else f"{snr_db[0]:g} to {snr_db[-1]:g} dB"
