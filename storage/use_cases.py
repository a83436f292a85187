"""What both doors may ask of the storage layer, in one place to pass around."""

from dataclasses import dataclass

from storage.auditing.audit import AuditTrail
from storage.auditing.incidents import Incidents
from storage.callers.invitations import Invitations
from storage.callers.keys import Keys
from storage.callers.names import Names
from storage.catalog.attachments import Attaching
from storage.catalog.deleting import Deleting
from storage.catalog.editing import Editing
from storage.catalog.history import Histories
from storage.catalog.keeping import Keeping
from storage.catalog.reading import Reading
from storage.catalog.request_files import RequestFiles
from storage.catalog.statistics import Statistics
from storage.catalog.timeline import Timelines
from storage.database import Sessions
from storage.delivery.delivering import Delivery
from storage.delivery.links import Links
from storage.delivery.request_links import RequestLinks
from storage.delivery.request_zip import RequestZips
from storage.delivery.sending import Sending
from storage.engine.archiving import Archiving
from storage.events.hooks import Hooks
from storage.events.webhooks import Webhooks
from storage.intake.adopting import Adopting
from storage.intake.progress import ProgressBoard
from storage.intake.taking_in import Intake
from storage.previews.cleaning import Cleaning
from storage.previews.serving import Previews
from storage.resumable.uploads import Resumable
from storage.search.media_search import MediaSearch
from storage.users.accounts import Accounts
from storage.users.avatars import Avatars
from storage.users.profiles import Profiles
from storage.work_orders.directory import WorkOrders


@dataclass(frozen=True, kw_only=True, slots=True)
class UseCases:
    sessions: Sessions
    intake: Intake
    resumable: Resumable
    invitations: Invitations
    keys: Keys
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
    request_files: RequestFiles
    request_links: RequestLinks
    request_zips: RequestZips
    histories: Histories
    names: Names
    accounts: Accounts
    profiles: Profiles
    avatars: Avatars
    webhooks: Webhooks
    work_orders: WorkOrders
    hooks: Hooks
    board: ProgressBoard
    audit: AuditTrail
    incidents: Incidents
