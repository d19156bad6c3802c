"""What can be asked next? Requests about the order that was just told, ready to be copied."""

from rich.console import Console
from rich.text import Text

from graph_service.demo.story import Story, print_heading


def requests_about(story: Story, base_url: str) -> list[tuple[str, str]]:
    """What a request answers, and its URL."""
    answer = story.answer
    asked = [
        ("the path and the allowance again", f"/v1/orders/{answer['orderId']}/attribution"),
    ]
    if story.teams:
        month, top = story.teams[0]["month"], story.teams[-1]["memberId"]
        closer = story.teams[0]["memberId"]
        asked += [
            ("the team of who stands on top", f"/v1/members/{top}/team?month={month}&levels=3"),
            ("who stands above the closer", f"/v1/members/{closer}/upline"),
        ]
    asked.append(("what was not understood, and why", "/v1/events/rejected"))
    return [(what, base_url + path) for what, path in asked]


def show_next_steps(console: Console, story: Story, base_url: str) -> None:
    """Print curl commands; what they need is the admin key, as KEY."""
    print_heading(console, "What next?", "接下来可以问")
    console.print("With the service running and its admin key in KEY:", highlight=False)
    for what, url in requests_about(story, base_url):
        console.print(Text(f"\n# {what}", style="dim"))
        command = f"curl -H \"Authorization: Bearer $KEY\" '{url}'"
        console.print(Text(command), soft_wrap=True)
    told = Text("\n# one ring hides in a made-up mall: find and freeze it", style="dim")
    console.print(told)
    console.print(Text(f"{base_url}/console"), soft_wrap=True)
    console.print(
        "\nStep by step: docs/first-steps.md, and docs/risk-team.md for the ring. "
        "Sending events: docs/events.md.",
        highlight=False,
    )
