"""Do wallets hold what the entries of their payees come to?"""

from graph_service.graph.session import Read

COMPARED_TOGETHER = 2_000


async def verify_wallets(read: Read) -> tuple[int, list[str]]:
    """How many wallets were compared with their entries, and which hold something else."""
    count, differing, after = 0, list[str](), ""
    while True:
        row = (await read("wallets/compare_sums", after=after, limit=COMPARED_TOGETHER))[0]
        if not row["count"]:
            return count, differing
        count, after = count + row["count"], row["last"]
        differing += row["differing"]
