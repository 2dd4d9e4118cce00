"""A QR code as the path of an SVG, drawn by the server: no script, no picture from elsewhere."""

import segno


def square(text: str) -> tuple[int, str]:
    """The side, and the dark modules as path data, one unit each, with the quiet zone of four (ISO/IEC 18004)."""
    rows = list(segno.make(text, error="m").matrix_iter(border=4))
    marks = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return len(rows), "".join(marks)
