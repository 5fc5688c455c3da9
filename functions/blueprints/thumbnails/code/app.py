"""Smaller copies of an image.

Event: {"image": base64 of a JPEG or PNG, "widths": [320, 160]}
Result: {"source": {...}, "thumbnails": [{"width", "height", "bytes", "image": base64 of a JPEG}, ...]}
"""

import base64
import io
import logging

from PIL import Image, ImageOps

log = logging.getLogger()
log.setLevel(logging.INFO)

MAX_PIXELS = 50_000_000


def handler(event, context):
    data = base64.b64decode(event["image"], validate=True)
    source = Image.open(io.BytesIO(data))
    if source.width * source.height > MAX_PIXELS:
        raise ValueError(f"{source.width}x{source.height} is more than {MAX_PIXELS} pixels")
    log.info("source %sx%s %s, %s bytes", source.width, source.height, source.format, len(data))
    upright = ImageOps.exif_transpose(source).convert("RGB")
    return {
        "source": {"width": source.width, "height": source.height, "bytes": len(data)},
        "thumbnails": [thumbnail(upright, width) for width in event.get("widths", [320, 160, 64])],
    }


def thumbnail(image, width):
    height = max(1, round(image.height * width / image.width))
    out = io.BytesIO()
    image.resize((width, height), Image.Resampling.LANCZOS).save(out, "JPEG", quality=82, optimize=True)
    log.info("thumbnail %sx%s, %s bytes", width, height, out.tell())
    return {
        "width": width,
        "height": height,
        "bytes": out.tell(),
        "image": base64.b64encode(out.getvalue()).decode(),
    }
