"""The authorization server of one record, put together."""

from pathlib import Path

from felles.access.smart.admission import ResourceServer
from felles.access.smart.authorization import Authorization
from felles.access.smart.client import Clients
from felles.access.smart.configuration import endpoints, issuer_of
from felles.access.smart.dpop import Nonces, Proofs
from felles.access.smart.entry import said
from felles.access.smart.exchange import Said, TokenEndpoint
from felles.access.smart.key import KeyFolder
from felles.access.smart.keyset import KeySets
from felles.access.smart.patience import Patience
from felles.access.smart.replay import Replay
from felles.access.smart.token import Mint
from felles.access.table import Tables


class Smart:
    """`base` is the FHIR base, `folder` where the keys lie (key.folder_of), `log` what the log says of each token."""

    def __init__(
        self, tables: Tables, folder: Path, base: str, *, log: Said = said, keysets: KeySets | None = None
    ) -> None:
        self.tables = tables
        self.base = base
        self.issuer = issuer_of(base)
        self.keys = KeyFolder(folder)
        self.mint = Mint(self.keys, self.issuer, base)
        addresses = endpoints(self.issuer)
        proofs = Proofs(Nonces(self.keys.secret), Replay(self.keys.place / "proofs.seen"))
        audiences = frozenset((addresses["token_endpoint"], self.issuer))
        self.clients = Clients(tables, audiences, keysets or KeySets())
        self.authorization = Authorization(tables, self.issuer, base)
        self.tokens = TokenEndpoint(tables, self.clients, self.mint, proofs, addresses["token_endpoint"], log)
        self.resources = ResourceServer(tables, self.mint, proofs)
        self.patience = Patience()
        self.pushes = Patience()
