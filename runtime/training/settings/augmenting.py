"""How training samples are varied, anew in each epoch."""

from __future__ import annotations

from builder.blocks.parameters import Choice, Real


class Augmenting:
    """How training samples are varied, anew in each epoch.

    What moves, turns or mirrors a picture does the same to its mask. Of sequences, shift, crop, noise and mixing have a
    say. Stock values are off where they would turn a digit into another.
    """

    shift = Real(
        0.07,
        minimum=0.0,
        maximum=0.5,
        label="Random shift",
        help="Moves each training picture by up to this share of its size, anew in each epoch (0.07 of 28 pixels "
        "is 2, 0.125 of 32 is the usual crop out of 4 more pixels all round): the network learns the shape, not the "
        "place. 0 leaves the pictures where they are.",
    )
    flip = Choice(
        "none",
        ("none", "horizontal", "vertical", "both"),
        label="Random flip",
        help="Mirrors every other picture: left and right (horizontal) for photographs, both where there is no top, as "
        "from above or through a microscope. Not for what a mirror makes something else, such as digits.",
    )
    crop = Real(
        1.0,
        minimum=0.05,
        maximum=1.0,
        label="Smallest crop",
        help="Cuts out a part of the picture, of at least this share of its area, and brings it to the full size, so "
        "that things come in many sizes (0.08 is usual for ImageNet). 1 takes the whole picture.",
    )
    crop_ratio = Real(
        4 / 3,
        minimum=1.0,
        maximum=4.0,
        label="Crop's ratio",
        help="How much wider than high, or higher than wide, a crop may be in parts of the picture's own sides.",
    ).only_where(lambda values: values["crop"] < 1)
    rotate = Real(
        0.0,
        minimum=0.0,
        maximum=180.0,
        unit="°",
        label="Random turn",
        help="Turns each picture by up to so many degrees to either side. 180 where there is no top.",
    )
    zoom = Real(
        0.0,
        minimum=0.0,
        maximum=0.9,
        label="Random zoom",
        help="Makes each picture larger or smaller by up to this share: 0.1 is 0.9 to 1.1 times.",
    )
    shear = Real(
        0.0,
        minimum=0.0,
        maximum=60.0,
        unit="°",
        label="Random shear",
        help="Slants each picture by up to so many degrees to either side.",
    )
    border = Choice(
        "edge",
        ("edge", "mirror", "black"),
        label="Border",
        help="What is seen where a picture has moved away: its edge repeated, its mirror image, or black. In a mask "
        "nothing is judged there.",
    ).only_where(lambda values: any(values[name] for name in ("shift", "rotate", "zoom", "shear")))
    brightness = Real(
        0.0,
        minimum=0.0,
        maximum=1.0,
        label="Brightness",
        help="Multiplies each picture by 1 ± up to this, so that the light counts less (0.4 is usual).",
    )
    contrast = Real(
        0.0,
        minimum=0.0,
        maximum=1.0,
        label="Contrast",
        help="Brings each picture nearer to its mean or away from it, by a factor of 1 ± up to this.",
    )
    saturation = Real(
        0.0,
        minimum=0.0,
        maximum=1.0,
        label="Saturation",
        help="Makes colours paler or stronger, by a factor of 1 ± up to this. Of pictures in colour.",
    )
    hue = Real(
        0.0,
        minimum=0.0,
        maximum=0.5,
        label="Hue",
        help="Turns the circle of colours by up to this part of it to either side (0.1 is much). Of pictures in "
        "colour.",
    )
    noise = Real(
        0.0,
        minimum=0.0,
        maximum=2.0,
        label="Noise",
        help="Adds noise whose deviation is this share of that of the data.",
    )
    erase = Real(
        0.0,
        minimum=0.0,
        maximum=1.0,
        label="Random erasing",
        help="The share of pictures of which a rectangle, a fiftieth to a third of the area, is replaced by the mean: "
        "no single part is to decide (0.25 is usual).",
    )
    mixup = Real(
        0.0,
        minimum=0.0,
        maximum=10.0,
        label="Mixup",
        help="Lays two pictures over each other, in shares drawn from Beta(this, this), and asks for both answers in "
        "these shares (0.2 is usual). 0 mixes nothing.",
    )
    cutmix = Real(
        0.0,
        minimum=0.0,
        maximum=10.0,
        label="CutMix",
        help="Puts a rectangle of one picture into another, of a share drawn from Beta(this, this), and asks for both "
        "answers in these shares (1 is usual). Beside mixup each takes every other batch.",
    )
