"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=True),
        sa.Column("request_number", sa.Text(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_media_id"), "audit", ["media_id"], unique=False)
    op.create_index(op.f("ix_audit_request_number"), "audit", ["request_number"], unique=False)
    op.create_table(
        "bots",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("update_offset", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bots")),
    )
    op.create_table(
        "cards",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("reply_to_message_id", sa.BigInteger(), nullable=False),
        sa.Column("media_group_id", sa.Text(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("wanted", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("sent", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("shown", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cards")),
        sa.UniqueConstraint("chat_id", "media_group_id", name=op.f("uq_cards_chat_id_media_group_id")),
        sa.UniqueConstraint("chat_id", "reply_to_message_id", name=op.f("uq_cards_chat_id_reply_to_message_id")),
    )
    op.create_index("ix_cards_behind", "cards", ["id"], unique=False, postgresql_where=sa.text("sent < wanted"))
    op.create_index(op.f("ix_cards_chat_id_message_id"), "cards", ["chat_id", "message_id"], unique=False)
    op.create_table(
        "channels",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("anchor_message_id", sa.BigInteger(), nullable=False),
        sa.Column("head_message_id", sa.BigInteger(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sa.UniqueConstraint("chat_id", name=op.f("uq_channels_chat_id")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=True),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "inbox",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_key", sa.BigInteger(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "handling",
                "done",
                "failed",
                name="inboxstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("incident", sa.Uuid(), nullable=True),
        sa.Column("handling_node", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("bot_id", "update_id", name=op.f("pk_inbox")),
    )
    op.create_index(
        "ix_inbox_done", "inbox", ["done_at"], unique=False, postgresql_where=sa.text("state in ('done', 'failed')")
    )
    op.create_index(
        "ix_inbox_open",
        "inbox",
        ["chat_key", "update_id"],
        unique=False,
        postgresql_where=sa.text("state in ('pending', 'handling')"),
    )
    op.create_table(
        "intents",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("media_key", sa.Uuid(), nullable=False),
        sa.Column("part_index", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("after_message_id", sa.BigInteger(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("running", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("settle_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("watch_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intents")),
    )
    op.create_index(op.f("ix_intents_chat_id"), "intents", ["chat_id"], unique=False)
    op.create_index(op.f("ix_intents_media_key_part_index"), "intents", ["media_key", "part_index"], unique=False)
    op.create_table(
        "lanes",
        sa.Column("bot_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("per_minute", sa.BigInteger(), nullable=True),
        sa.Column("learnt_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("bot_id", "chat_id", name=op.f("pk_lanes")),
    )
    op.create_table(
        "media",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column(
            "file_type",
            sa.Enum(
                "photo",
                "video",
                "audio",
                "voice",
                "animation",
                "video_note",
                "sticker",
                "document",
                name="filetype",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "category",
            sa.Enum(
                "request_photo",
                "request_video",
                "request_document",
                "report_photo",
                "report_video",
                "report_document",
                "completion_photo",
                "completion_video",
                "completion_document",
                "process_video",
                "avatar",
                "access_plate",
                "access_overview",
                "other",
                name="category",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "requests",
                "reports",
                "archive",
                "backup",
                "access",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("tags", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'::text[]"), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("duration", sa.Double(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "active",
                "archiving",
                "archived",
                "deleting",
                "deleted",
                name="mediastatus",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("status_before", sa.Text(), nullable=True),
        sa.Column(
            "inspection",
            sa.Enum(
                "pending", "done", "impossible", name="inspection", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("awaits_request", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("unverified_request", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("duplicate_of", sa.BigInteger(), nullable=True),
        sa.Column("telegram_unique_id", sa.Text(), nullable=True),
        sa.Column("source_chat_id", sa.BigInteger(), nullable=True),
        sa.Column("source_message_id", sa.BigInteger(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delete_after", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("source in ('http', 'telegram')", name=op.f("ck_media_source")),
        sa.ForeignKeyConstraint(["duplicate_of"], ["media.id"], name=op.f("fk_media_duplicate_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("key", name=op.f("uq_media_key")),
        sa.UniqueConstraint(
            "source_chat_id", "source_message_id", name=op.f("uq_media_source_chat_id_source_message_id")
        ),
    )
    op.create_index(
        "ix_media_deleting", "media", ["delete_after"], unique=False, postgresql_where=sa.text("status = 'deleting'")
    )
    op.create_index(op.f("ix_media_owner_id"), "media", ["owner", "id"], unique=False)
    op.create_index(op.f("ix_media_sha256"), "media", ["sha256"], unique=False)
    op.create_index(op.f("ix_media_telegram_unique_id"), "media", ["telegram_unique_id"], unique=False)
    op.create_index(
        "ix_media_uninspected", "media", ["id"], unique=False, postgresql_where=sa.text("inspection = 'pending'")
    )
    op.create_table(
        "nodes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("queue_manager_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_nodes")),
    )
    op.create_table(
        "people",
        sa.Column("telegram_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "role",
            sa.Enum("user", "staff", "admin", name="role", native_enum=False, create_constraint=True, length=32),
            server_default=sa.text("'user'"),
            nullable=False,
        ),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("telegram_id", name=op.f("pk_people")),
    )
    op.create_table(
        "requests",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_requests")),
    )
    op.create_table(
        "stray_messages",
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "message_id", name=op.f("pk_stray_messages")),
    )
    op.create_table(
        "attachments",
        sa.Column("request_number", sa.Text(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=False),
        sa.Column("attached_by", sa.Text(), nullable=False),
        sa.Column(
            "category",
            sa.Enum(
                "request_photo",
                "request_video",
                "request_document",
                "report_photo",
                "report_video",
                "report_document",
                "completion_photo",
                "completion_video",
                "completion_document",
                "process_video",
                "avatar",
                "access_plate",
                "access_overview",
                "other",
                name="category",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("attached_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_attachments_media_id")),
        sa.ForeignKeyConstraint(["request_number"], ["requests.number"], name=op.f("fk_attachments_request_number")),
        sa.PrimaryKeyConstraint("request_number", "media_id", name=op.f("pk_attachments")),
    )
    op.create_index(op.f("ix_attachments_media_id"), "attachments", ["media_id"], unique=False)
    op.create_table(
        "card_items",
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=True),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(["card_id"], ["cards.id"], name=op.f("fk_card_items_card_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_card_items_media_id")),
        sa.PrimaryKeyConstraint("card_id", "message_id", name=op.f("pk_card_items")),
    )
    op.create_index(op.f("ix_card_items_media_id"), "card_items", ["media_id"], unique=False)
    op.create_table(
        "channel_bindings",
        sa.Column(
            "purpose",
            sa.Enum(
                "requests",
                "reports",
                "archive",
                "backup",
                "access",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["channels.id"], name=op.f("fk_channel_bindings_channel_id")),
        sa.PrimaryKeyConstraint("purpose", "channel_id", name=op.f("pk_channel_bindings")),
    )
    op.create_table(
        "uploads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("media_key", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column(
            "phase",
            sa.Enum(
                "receiving",
                "storing",
                "done",
                "failed",
                name="uploadphase",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("received_bytes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total_bytes", sa.BigInteger(), nullable=True),
        sa.Column("media_id", sa.BigInteger(), nullable=True),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_uploads_media_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("media_key", name=op.f("uq_uploads_media_key")),
    )
    op.create_index(op.f("ix_uploads_media_id"), "uploads", ["media_id"], unique=False)
    op.create_index(op.f("ix_uploads_owner_created_at"), "uploads", ["owner", "created_at"], unique=False)
    op.create_index(op.f("ix_uploads_phase"), "uploads", ["phase"], unique=False)
    op.create_table(
        "parts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("media_key", sa.Uuid(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=True),
        sa.Column("upload_id", sa.Uuid(), nullable=True),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("last", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "spooled",
                "shipping",
                "stored",
                "damaged",
                name="partstate",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("source_chat_id", sa.BigInteger(), nullable=True),
        sa.Column("source_message_id", sa.BigInteger(), nullable=True),
        sa.Column("source_file_id", sa.Text(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum(
                "requests",
                "reports",
                "archive",
                "backup",
                "access",
                name="purpose",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempt", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state in ('stored', 'damaged')) = (message_id is not null)", name=op.f("ck_parts_stored_has_message")
        ),
        sa.CheckConstraint("origin in ('spool', 'telegram')", name=op.f("ck_parts_origin")),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_parts_media_id")),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name=op.f("fk_parts_upload_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts")),
        sa.UniqueConstraint("chat_id", "message_id", name=op.f("uq_parts_chat_id_message_id")),
        sa.UniqueConstraint("media_key", "index", name=op.f("uq_parts_media_key_index")),
    )
    op.create_index(op.f("ix_parts_media_id"), "parts", ["media_id"], unique=False)
    op.create_index(
        "ix_parts_unstored",
        "parts",
        ["node", "id"],
        unique=False,
        postgresql_where=sa.text("state in ('spooled', 'shipping')"),
    )
    op.create_index(op.f("ix_parts_upload_id"), "parts", ["upload_id"], unique=False)
    op.create_table(
        "file_refs",
        sa.Column("part_id", sa.BigInteger(), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("file_unique_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["part_id"], ["parts.id"], name=op.f("fk_file_refs_part_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("part_id", "bot_id", name=op.f("pk_file_refs")),
    )
    op.create_index(op.f("ix_file_refs_file_unique_id"), "file_refs", ["file_unique_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_file_refs_file_unique_id"), table_name="file_refs")
    op.drop_table("file_refs")
    op.drop_index(op.f("ix_parts_upload_id"), table_name="parts")
    op.drop_index("ix_parts_unstored", table_name="parts", postgresql_where=sa.text("state in ('spooled', 'shipping')"))
    op.drop_index(op.f("ix_parts_media_id"), table_name="parts")
    op.drop_table("parts")
    op.drop_index(op.f("ix_uploads_phase"), table_name="uploads")
    op.drop_index(op.f("ix_uploads_owner_created_at"), table_name="uploads")
    op.drop_index(op.f("ix_uploads_media_id"), table_name="uploads")
    op.drop_table("uploads")
    op.drop_table("channel_bindings")
    op.drop_index(op.f("ix_card_items_media_id"), table_name="card_items")
    op.drop_table("card_items")
    op.drop_index(op.f("ix_attachments_media_id"), table_name="attachments")
    op.drop_table("attachments")
    op.drop_table("stray_messages")
    op.drop_table("requests")
    op.drop_table("people")
    op.drop_table("nodes")
    op.drop_index("ix_media_uninspected", table_name="media", postgresql_where=sa.text("inspection = 'pending'"))
    op.drop_index(op.f("ix_media_telegram_unique_id"), table_name="media")
    op.drop_index(op.f("ix_media_sha256"), table_name="media")
    op.drop_index(op.f("ix_media_owner_id"), table_name="media")
    op.drop_index("ix_media_deleting", table_name="media", postgresql_where=sa.text("status = 'deleting'"))
    op.drop_table("media")
    op.drop_table("lanes")
    op.drop_index(op.f("ix_intents_media_key_part_index"), table_name="intents")
    op.drop_index(op.f("ix_intents_chat_id"), table_name="intents")
    op.drop_table("intents")
    op.drop_index("ix_inbox_open", table_name="inbox", postgresql_where=sa.text("state in ('pending', 'handling')"))
    op.drop_index("ix_inbox_done", table_name="inbox", postgresql_where=sa.text("state in ('done', 'failed')"))
    op.drop_table("inbox")
    op.drop_table("idempotency_keys")
    op.drop_table("channels")
    op.drop_index(op.f("ix_cards_chat_id_message_id"), table_name="cards")
    op.drop_index("ix_cards_behind", table_name="cards", postgresql_where=sa.text("sent < wanted"))
    op.drop_table("cards")
    op.drop_table("bots")
    op.drop_index(op.f("ix_audit_request_number"), table_name="audit")
    op.drop_index(op.f("ix_audit_media_id"), table_name="audit")
    op.drop_table("audit")
    op.drop_table("api_keys")
