"""What a step says: what it will do before it does it, and how that went."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Teller:
    """Tells of the steps on the terminal, and keeps count of what is open in the end.

    Attributes:
        dry_run: whether nothing is to be done.
        planned: what a dry run would have done.
        left: what is not as it should be, because somebody has set it by hand.
    """

    dry_run: bool = False
    planned: int = 0
    left: list[str] = field(default_factory=list)

    def is_so(self, text: str) -> None:
        """Say that something is as it should be, and stays so."""
        print(f"  ok     {text}")

    def will(self, text: str) -> bool:
        """Say what is about to be done.

        Returns:
            Whether to do it.
        """
        print(f"  {'would ' if self.dry_run else 'will  '} {text}", flush=True)
        self.planned += self.dry_run
        return not self.dry_run

    def did(self, text: str) -> None:
        """Say that it has been done."""
        print(f"  done   {text}", flush=True)

    def leaves(self, text: str) -> None:
        """Say that something is not as it should be, and why it stays so."""
        print(f"  left   {text}")
        self.left.append(text)

    def note(self, text: str) -> None:
        """Say something for people."""
        print(f"         {text}")

    def step(self, title: str) -> None:
        """Begin a step."""
        print(title)
