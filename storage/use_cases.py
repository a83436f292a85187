"""What both doors may ask of the storage layer, in one place to pass around."""

from dataclasses import dataclass

from storage.adopting import Adopting
from storage.archiving import Archiving
from storage.attachments import Attaching
from storage.audit import AuditTrail
from storage.database import Sessions
from storage.deleting import Deleting
from storage.delivering import Delivery
from storage.editing import Editing
from storage.incidents import Incidents
from storage.intake import Intake
from storage.invitations import Invitations
from storage.keeping import Keeping
from storage.links import Links
from storage.previews.cleaning import Cleaning
from storage.previews.serving import Previews
from storage.progress import ProgressBoard
from storage.reading import Reading
from storage.resumable.uploads import Resumable
from storage.search.media_search import MediaSearch
from storage.sending import Sending
from storage.statistics import Statistics
from storage.timeline import Timelines


@dataclass(frozen=True, kw_only=True, slots=True)
class UseCases:
    sessions: Sessions
    intake: Intake
    resumable: Resumable
    invitations: Invitations
    adopting: Adopting
    reading: Reading
    attaching: Attaching
    deleting: Deleting
    delivery: Delivery
    search: MediaSearch
    statistics: Statistics
    timelines: Timelines
    editing: Editing
    archiving: Archiving
    keeping: Keeping
    sending: Sending
    previews: Previews
    cleaning: Cleaning
    links: Links
    board: ProgressBoard
    audit: AuditTrail
    incidents: Incidents
