"""What AWS would charge for an invocation: an estimate, from the public price list, without the free tier."""

from dataclasses import dataclass

from console.templatetags.hearth import NARROW_SPACE

# US dollars, us-east-1, x86, first tier. Source: https://aws.amazon.com/lambda/pricing/
PER_GB_SECOND = 0.0000166667
PER_REQUEST = 0.20 / 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    billed_ms: int
    memory_mb: int

    @property
    def gb_seconds(self) -> float:
        return self.billed_ms / 1000 * self.memory_mb / 1024

    @property
    def dollars(self) -> float:
        return self.gb_seconds * PER_GB_SECOND + PER_REQUEST

    @property
    def text(self) -> str:
        """For a million of such invocations, which is a number that a person can read: 4.13 $."""
        return f"{self.dollars * 1_000_000:,.2f}{NARROW_SPACE}$"
