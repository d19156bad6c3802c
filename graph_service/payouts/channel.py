"""How money reaches a bank: an interface, and the files that corporate accounts exchange with one.

outbox/  batches for the bank, one CSV file each, there whole or not at all
inbox/   result files of the bank; what puts them there must rename them in when they are whole
done/    result files whose rows are all stored
"""

import csv
import fcntl
import hashlib
import io
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal, Protocol

from graph_service.errors import Conflict, ServiceError
from graph_service.plans.member import THOUSANDTHS, WHOLE
from graph_service.storage import FULL, StorageFull

Outcome = Literal["settled", "failed", "returned"]
# The bank's words for what became of a row.
RESULTS: dict[str, Outcome] = {"success": "settled", "fail": "failed", "returned": "returned"}
BATCH_COLUMNS = (
    *("batch_number", "sequence", "payee_account", "payee_id"),
    *("amount", "currency", "purpose", "client_reference"),
)
RESULT_COLUMNS = (
    *("batch_number", "client_reference", "amount", "currency"),
    *("result", "bank_reference", "reason"),
)
RESULT_BYTES_MAX = 32 * 2**20
RESULT_FILES_MAX = 1_000
FIELD_CHARACTERS_MAX = 1_000


class ChannelUnavailable(ServiceError):
    """The folder of payouts cannot be written or read."""

    status, code = 503, "payout_channel_unavailable"


class ChannelBusy(Conflict):
    """Another process is sending or reading results."""

    code = "payout_channel_busy"


class BatchAltered(Conflict):
    """A file of this batch is there already with other content."""

    code = "payout_batch_altered"


@dataclass(frozen=True)
class BatchRow:
    """One payout in a batch. account: the caller's reference; None: the bank knows the payee."""

    payout_id: str
    sequence: int
    member_id: str
    account: str | None
    amount_minor: int


@dataclass(frozen=True)
class Batch:
    """Payouts that go to the bank together; the same batch is the same file, byte for byte."""

    batch_id: str
    currency: str
    purpose: str
    rows: Sequence[BatchRow]


@dataclass(frozen=True)
class ResultRow:
    """What a bank says of one payout. line: where in its file, from 1."""

    line: int
    batch_id: str
    payout_id: str
    amount_minor: int | None
    currency: str
    outcome: Outcome | None
    bank_reference: str
    reason: str


@dataclass(frozen=True)
class ResultFile:
    """A result file. fault: why nothing of it can be read; it then stays where it is."""

    name: str
    digest: str
    rows: Sequence[ResultRow] = ()
    fault: str | None = None


class Channel(Protocol):
    """A way to a bank. Every method may be called again after a crash and then changes nothing."""

    @property
    def name(self) -> str:
        """What the way is called in history."""
        ...

    def deliver(self, batch: Batch) -> str:
        """Hand the batch over, whole; where it is."""
        ...

    def results(self) -> list[ResultFile]:
        """What the bank has answered and is not done with."""
        ...

    def finish(self, file: ResultFile) -> None:
        """All rows of it are stored."""
        ...


class FileChannel:
    """Batches as CSV files in outbox, results as CSV files in inbox."""

    name = "file"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, batch: Batch) -> str:
        """Raises BatchAltered, StorageFull, ChannelUnavailable."""
        content = batch_csv(batch)
        with _reported(self._folder):
            outbox = self._made("outbox")
            file = outbox / f"payouts-{batch.batch_id}-{batch.currency}.csv"
            if file.exists():
                if file.read_bytes() != content:
                    raise BatchAltered(f"{file.name} is in the outbox with other content")
                return file.name
            spare = outbox / f".{file.name}.part"
            with spare.open("wb") as opened:
                opened.write(content)
                opened.flush()
                os.fsync(opened.fileno())
            spare.replace(file)
            _sync(outbox)
            return file.name

    def results(self) -> list[ResultFile]:
        """In order of name. Raises ChannelUnavailable."""
        with _reported(self._folder):
            inbox = self._made("inbox")
            files = sorted(one for one in inbox.glob("*.csv") if not one.name.startswith("."))
            return [_read(one) for one in files[:RESULT_FILES_MAX]]

    def finish(self, file: ResultFile) -> None:
        """Move it to done; a file of another content and the same name keeps its place there."""
        with _reported(self._folder):
            done, inbox = self._made("done"), self._made("inbox")
            there = inbox / file.name
            if not there.exists() or _digest(there.read_bytes()) != file.digest:
                return
            target = done / file.name
            if target.exists() and _digest(target.read_bytes()) != file.digest:
                target = done / f"{there.stem}-{file.digest[:16]}.csv"
            there.replace(target)
            _sync(done)
            _sync(inbox)

    @contextmanager
    def alone(self) -> Generator[None]:
        """No other process sends or reads results meanwhile; a dead one does not count.

        Raises ChannelBusy, ChannelUnavailable.
        """
        with _reported(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            opened = (self._folder / ".lock").open("a")
        with opened:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as fault:
                raise ChannelBusy("another process is sending or reading results") from fault
            yield

    def _made(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def batch_csv(batch: Batch) -> bytes:
    """The file of a batch: UTF-8, comma, CRLF, amounts with the currency's decimals."""
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\r\n")
    writer.writerow(BATCH_COLUMNS)
    for row in batch.rows:
        writer.writerow(
            [
                *(batch.batch_id, row.sequence, row.account or "", row.member_id),
                *(major(row.amount_minor, batch.currency), batch.currency, batch.purpose),
                row.payout_id,
            ]
        )
    return told.getvalue().encode("utf-8")


def major(amount_minor: int, currency: str) -> str:
    """12345 fen as 123.45."""
    digits = _digits(currency)
    return f"{Decimal(amount_minor).scaleb(-digits):.{digits}f}"


def minor(text: str, currency: str) -> int | None:
    """123.45 yuan as 12345; None where that is no amount of the currency."""
    try:
        amount = Decimal(text.strip().replace(",", "")).scaleb(_digits(currency))
    except InvalidOperation:
        return None
    exact = amount.is_finite() and amount == amount.to_integral_value()
    return int(amount) if exact and 0 < amount < 10**15 else None


def _digits(currency: str) -> int:
    return 0 if currency in WHOLE else 3 if currency in THOUSANDTHS else 2


def parse_results(name: str, content: bytes) -> ResultFile:
    """A result file; UTF-8 or, as many banks write, GB 18030. Rows that cannot be read are kept."""
    digest = _digest(content)
    if len(content) > RESULT_BYTES_MAX:
        return ResultFile(name, digest, fault=f"is larger than {RESULT_BYTES_MAX} bytes")
    if not content.endswith(b"\n"):
        return ResultFile(name, digest, fault="does not end with a line feed, so it is not whole")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            return ResultFile(name, digest, fault="is neither UTF-8 nor GB 18030")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows = list[ResultRow]()
    try:
        heads = [one.strip() for one in reader.fieldnames or ()]
        reader.fieldnames = heads
        missing = [one for one in RESULT_COLUMNS[:-1] if one not in heads]
        if missing:
            return ResultFile(name, digest, fault=f"has no column {', '.join(missing)}")
        for row in reader:
            told = {key: row.get(key) or "" for key in RESULT_COLUMNS}
            rows.append(_row(reader.line_num, told))
    except csv.Error as fault:
        return ResultFile(name, digest, fault=f"is no CSV: {fault}")
    return ResultFile(name, digest, rows)


def _row(line: int, told: dict[str, str]) -> ResultRow:
    plain = {key: value.strip()[:FIELD_CHARACTERS_MAX] for key, value in told.items()}
    return ResultRow(
        line,
        plain["batch_number"],
        plain["client_reference"],
        minor(plain["amount"], plain["currency"]),
        plain["currency"],
        RESULTS.get(plain["result"].lower()),
        plain["bank_reference"],
        plain["reason"],
    )


def _read(file: Path) -> ResultFile:
    if file.stat().st_size > RESULT_BYTES_MAX:
        return ResultFile(file.name, "", fault=f"is larger than {RESULT_BYTES_MAX} bytes")
    return parse_results(file.name, file.read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _sync(folder: Path) -> None:
    """A rename is on the disk once its folder is."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _reported(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as fault:
        if fault.errno in FULL:
            raise StorageFull(
                f"the disk of {folder} is full; nothing of the file counts"
            ) from fault
        reason = fault.strerror or type(fault).__name__
        raise ChannelUnavailable(f"{folder} cannot be used: {reason}") from fault
