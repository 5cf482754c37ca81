"""The safety floor: how much danger a message speaks of, and which help lines to name.

Plain Python without Rasa, network or model. Everything is loaded from data files once:

    Assessor.load(Path("data/safety/rules.yml")).assess(text)
"""

from bot.safety.assessor import Assessment, Assessor, RiskLevel, normalise

__all__ = ["Assessment", "Assessor", "RiskLevel", "normalise"]
