"""Pictures of a leak under a sink, before and after: drawn, so that the page of a request has something to show."""

import io
import random

from PIL import Image, ImageChops, ImageDraw, ImageFilter

_SIZE = (1280, 960)
_TILE = 160


def leak(seed: int) -> bytes:
    """Damp tiles, a rusty pipe, drops and a puddle; each seed another look at it."""
    dice = random.Random(seed)
    scene = _wall(dice, (196, 190, 176))
    _stain(scene, dice)
    _pipe(scene, dice, (150, 140, 128), rust=True)
    _puddle(scene, dice)
    return _developed(scene, dice, 0.96)


def mended(seed: int) -> bytes:
    """The same place, dry and bright, with a new pipe."""
    dice = random.Random(seed)
    scene = _wall(dice, (226, 232, 234))
    _pipe(scene, dice, (198, 206, 212), rust=False)
    return _developed(scene, dice, 1.06)


def _wall(dice: random.Random, tone: tuple[int, int, int]) -> Image.Image:
    scene = Image.new("RGB", _SIZE, (120, 116, 110))
    draw = ImageDraw.Draw(scene)
    shift = dice.randrange(_TILE)
    for x in range(-shift, _SIZE[0], _TILE):
        for y in range(-shift, 720, _TILE):
            lighter = dice.randrange(-9, 10)
            colour = tuple(channel + lighter for channel in tone)
            draw.rounded_rectangle((x + 4, y + 4, x + _TILE - 4, y + _TILE - 4), 7, fill=colour)
    floor = tuple(channel - 46 for channel in tone)
    draw.rectangle((0, 720, *_SIZE), fill=floor)
    draw.rectangle((0, 712, _SIZE[0], 726), fill=tuple(channel - 80 for channel in tone))
    return scene


def _pipe(scene: Image.Image, dice: random.Random, tone: tuple[int, int, int], *, rust: bool) -> None:
    at = dice.randrange(420, 820)
    width = dice.randrange(74, 104)
    for step in range(width):
        bright = 1.18 - abs(step / width - 0.32) * 1.05
        colour = tuple(min(255, round(channel * bright)) for channel in tone)
        draw = ImageDraw.Draw(scene)
        draw.line((at + step, 0, at + step, 560), fill=colour)
        draw.line((0, 520 + step, at + width, 520 + step), fill=colour)
    joint = (176, 106, 52) if rust else (62, 118, 196)
    draw = ImageDraw.Draw(scene)
    draw.rounded_rectangle((at - 18, 490, at + width + 18, 520 + width + 20), 20, fill=joint)
    draw.rounded_rectangle((at - 10, 498, at + width // 3, 512 + width), 14, fill=tuple(one + 34 for one in joint))
    draw.rounded_rectangle((at - 22, 150, at + width + 22, 214), 14, fill=joint)
    if rust:
        for _ in range(16):
            x, y = at + dice.randrange(-10, width + 10), dice.randrange(540, 720)
            draw.ellipse((x, y, x + 9, y + 24), fill=(206, 226, 238))


def _stain(scene: Image.Image, dice: random.Random) -> None:
    mask = Image.new("L", _SIZE, 0)
    draw = ImageDraw.Draw(mask)
    for _ in range(26):
        x, y, size = dice.randrange(200, 1000), dice.randrange(300, 700), dice.randrange(60, 210)
        draw.ellipse((x, y, x + size, y + size), fill=dice.randrange(60, 130))
    scene.paste((116, 92, 62), mask=mask.filter(ImageFilter.GaussianBlur(28)))


def _puddle(scene: Image.Image, dice: random.Random) -> None:
    mask = Image.new("L", _SIZE, 0)
    draw = ImageDraw.Draw(mask)
    for _ in range(7):
        x, y = dice.randrange(120, 800), dice.randrange(745, 830)
        draw.ellipse((x, y, x + dice.randrange(260, 430), y + dice.randrange(60, 110)), fill=205)
    mirrored = scene.transpose(Image.Transpose.FLIP_TOP_BOTTOM).filter(ImageFilter.GaussianBlur(9))
    tinted = ImageChops.multiply(mirrored, Image.new("RGB", _SIZE, (196, 220, 240)))
    scene.paste(tinted, mask=mask.filter(ImageFilter.GaussianBlur(5)))


def _developed(scene: Image.Image, dice: random.Random, bright: float) -> bytes:
    """As a phone would take it: a lamp at one side, dark corners, a little noise and tilt."""
    light = Image.radial_gradient("L").resize((_SIZE[0] * 2, _SIZE[1] * 2))
    left, top = dice.randrange(300, 980), dice.randrange(200, 700)
    light = light.crop((left, top, left + _SIZE[0], top + _SIZE[1])).point(lambda value: 255 - value // 2)
    scene = scene.filter(ImageFilter.GaussianBlur(1.4)).rotate(
        dice.uniform(-3, 3), Image.Resampling.BICUBIC, expand=False
    )
    scene = scene.crop((50, 40, _SIZE[0] - 50, _SIZE[1] - 40)).resize(_SIZE)
    lit = ImageChops.multiply(scene, Image.merge("RGB", (light, light, light)))
    noise = Image.effect_noise(_SIZE, 16).convert("RGB")
    lit = Image.blend(lit, ImageChops.overlay(lit, noise), 0.35).point(lambda value: min(255, round(value * bright)))
    out = io.BytesIO()
    lit.save(out, "JPEG", quality=88)
    return out.getvalue()
