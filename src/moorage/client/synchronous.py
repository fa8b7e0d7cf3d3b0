"""The client for plain code: every call of ``AsyncClient``, run in a background thread. Nothing is written twice."""

from __future__ import annotations

import ssl
from typing import Self

from moorage.client.asynchronous import LIMITS, AsyncClient
from moorage.client.background import Background, Call, Stream
from moorage.client.transport import Limits


class Client:
    """Talks to the server at ``url`` (a path prefix is allowed) with an API token.

    Parameters, results and errors are those of ``AsyncClient``; streams are generators. It may be shared by
    threads. Close it, or use it in ``with``.
    """

    def __init__(
        self, url: str, token: str | None = None, *, limits: Limits = LIMITS, tls: ssl.SSLContext | None = None
    ) -> None:
        self._core = AsyncClient(url, token, limits=limits, tls=tls)
        self._background = Background()

    @property
    def url(self) -> str:
        """The server's address, without a final slash."""
        return self._core.url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections and end the thread. Closing twice is fine; a later call begins anew."""
        self._background.run(self._core.aclose())
        self._background.close()

    stores = Call(AsyncClient.stores)
    store = Call(AsyncClient.store)
    add_store = Call(AsyncClient.add_store)
    probe_store = Call(AsyncClient.probe_store)
    check_store = Call(AsyncClient.check_store)
    change_store = Call(AsyncClient.change_store)
    remove_store = Call(AsyncClient.remove_store)
    store_credentials = Call(AsyncClient.store_credentials)
    undo_credentials = Call(AsyncClient.undo_credentials)
    forget_former_credentials = Call(AsyncClient.forget_former_credentials)
    policy_documents = Call(AsyncClient.policy_documents)
    plan_policies = Call(AsyncClient.plan_policies)
    check_policy = Call(AsyncClient.check_policy)
    cors = Call(AsyncClient.cors)
    apply_cors = Call(AsyncClient.apply_cors)
    add_bucket_link = Call(AsyncClient.add_bucket_link)
    bucket_links = Call(AsyncClient.bucket_links)
    revoke_bucket_link = Call(AsyncClient.revoke_bucket_link)
    objects = Stream(AsyncClient.objects)
    connections = Call(AsyncClient.connections)
    connection = Call(AsyncClient.connection)
    add_connection = Call(AsyncClient.add_connection)
    change_connection = Call(AsyncClient.change_connection)
    remove_connection = Call(AsyncClient.remove_connection)
    check_connection = Call(AsyncClient.check_connection)
    reload_config = Call(AsyncClient.reload_config)
    rotate_secrets = Call(AsyncClient.rotate_secrets)
    caches = Call(AsyncClient.caches)
    purge_cache = Call(AsyncClient.purge_cache)
    store_days = Call(AsyncClient.store_days)
    warm = Call(AsyncClient.warm)
    warmed = Call(AsyncClient.warmed)
    object_content = Stream(AsyncClient.object_content)
    download_object = Call(AsyncClient.download_object)
    resolve = Call(AsyncClient.resolve)

    projects = Call(AsyncClient.projects)
    project = Call(AsyncClient.project)
    add_project = Call(AsyncClient.add_project)
    change_project = Call(AsyncClient.change_project)
    remove_project = Call(AsyncClient.remove_project)
    items = Stream(AsyncClient.items)
    lookup = Call(AsyncClient.lookup)
    folder = Call(AsyncClient.folder)
    add_folder = Call(AsyncClient.add_folder)
    rename_folder = Call(AsyncClient.rename_folder)
    remove_folder = Call(AsyncClient.remove_folder)
    children_page = Call(AsyncClient.children_page)
    children = Stream(AsyncClient.children)
    item = Call(AsyncClient.item)
    remove_item = Call(AsyncClient.remove_item)
    restore_item = Call(AsyncClient.restore_item)

    adopt = Call(AsyncClient.adopt)
    set_alias = Call(AsyncClient.set_alias)
    alias = Call(AsyncClient.alias)
    aliases = Stream(AsyncClient.aliases)

    content = Stream(AsyncClient.content)
    read = Call(AsyncClient.read)
    preview = Call(AsyncClient.preview)
    poster = Call(AsyncClient.poster)
    download = Call(AsyncClient.download)
    sign_manifest = Call(AsyncClient.sign_manifest)
    sign_url = Call(AsyncClient.sign_url)
    sign_urls = Stream(AsyncClient.sign_urls)

    upload = Call(AsyncClient.upload)
    taken = Call(AsyncClient.taken)

    video = Call(AsyncClient.video)
    frame_times = Call(AsyncClient.frame_times)
    convert_video = Call(AsyncClient.convert_video)

    import_links = Call(AsyncClient.import_links)
    link_import = Call(AsyncClient.link_import)
    import_lines = Stream(AsyncClient.import_lines)
    import_table = Stream(AsyncClient.import_table)
    apply_import = Call(AsyncClient.apply_import)
    check_links = Call(AsyncClient.check_links)
    broken_links = Stream(AsyncClient.broken_links)

    lend = Call(AsyncClient.lend)
    loans = Call(AsyncClient.loans)
    revoke_loan = Call(AsyncClient.revoke_loan)
    loan_parts = Call(AsyncClient.loan_parts)
    complete_loan = Call(AsyncClient.complete_loan)
    finish_loan = Call(AsyncClient.finish_loan)

    mirrors = Call(AsyncClient.mirrors)
    mirror = Call(AsyncClient.mirror)
    add_mirror = Call(AsyncClient.add_mirror)
    suggest_mirror = Call(AsyncClient.suggest_mirror)
    change_mirror = Call(AsyncClient.change_mirror)
    reindex_mirror = Call(AsyncClient.reindex_mirror)
    pause_mirror = Call(AsyncClient.pause_mirror)
    resume_mirror = Call(AsyncClient.resume_mirror)
    remove_mirror = Call(AsyncClient.remove_mirror)

    jobs = Stream(AsyncClient.jobs)
    job = Call(AsyncClient.job)
    watch_job = Stream(AsyncClient.watch_job)
    wait_job = Call(AsyncClient.wait_job)
    cancel_job = Call(AsyncClient.cancel_job)
    retry_job = Call(AsyncClient.retry_job)
    pause_job = Call(AsyncClient.pause_job)
    resume_job = Call(AsyncClient.resume_job)
    confirm_job = Call(AsyncClient.confirm_job)
    missing = Stream(AsyncClient.missing)

    me = Call(AsyncClient.me)
    users = Call(AsyncClient.users)
    add_user = Call(AsyncClient.add_user)
    shut_out = Call(AsyncClient.shut_out)
    remove_user = Call(AsyncClient.remove_user)
    link_user = Call(AsyncClient.link_user)
    grants = Call(AsyncClient.grants)
    add_grant = Call(AsyncClient.add_grant)
    remove_grant = Call(AsyncClient.remove_grant)
    tokens = Call(AsyncClient.tokens)
    add_token = Call(AsyncClient.add_token)
    remove_token = Call(AsyncClient.remove_token)
    audit = Stream(AsyncClient.audit)
