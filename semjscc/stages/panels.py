"""What a stage is made of."""

from dataclasses import dataclass

from semjscc.stages.contents import Content


@dataclass(frozen=True)
class Panel:
    """One thing to look at: its title, what it is, and what can be seen on it for those who cannot."""

    title: str
    words: str
    content: Content
    alt: str


@dataclass(frozen=True)
class Stage:
    """What the sender makes and, across, what the receiver has of it; on the air there is only one."""

    name: str
    panels: list[Panel]
