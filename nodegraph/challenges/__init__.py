"""Challenges by ear: a patch with hidden values is heard, and a student sets the knobs of the same patch.

``tolerance`` says how near a knob must be, in musical units; ``challenge`` has the grades and draws a challenge from a
seed; ``verdict`` tells for each knob whether it is right. Knobs that cannot be told apart by the sound count as right.
"""

from .challenge import (
    GRADES,
    Challenge,
    ChallengeError,
    ChallengeKnob,
    Grade,
    challenge_patches,
    make_challenge,
    patch_values,
)
from .listening import ChallengeListener
from .verdict import ChallengeResult, KnobVerdict

__all__ = [
    "GRADES",
    "Challenge",
    "ChallengeError",
    "ChallengeKnob",
    "ChallengeListener",
    "ChallengeResult",
    "Grade",
    "KnobVerdict",
    "challenge_patches",
    "make_challenge",
    "patch_values",
]
