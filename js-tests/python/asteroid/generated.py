"""The generated client 1.9.167, unmodified: the calls of the current API that the server performs. Called by
asteroid.test.mjs with the addresses of the server and of the tea shop: generated.py BASE_URL SITE_URL
"""

import json
import sys
import time
import unittest
import urllib.request

import asteroid_odyssey
from asteroid_odyssey import exceptions, models
from asteroid_odyssey.api.agents_api import AgentsApi
from asteroid_odyssey.api.execution_api import ExecutionApi
from asteroid_odyssey.api.files_api import FilesApi
from asteroid_odyssey.api.profiles_api import ProfilesApi
from asteroid_odyssey.api.workflows_api import WorkflowsApi

BASE, SITE = sys.argv[1:]


class Generated(unittest.TestCase):
    def setUp(self):
        client = asteroid_odyssey.ApiClient(asteroid_odyssey.Configuration(host=BASE))
        self.executions, self.agents = ExecutionApi(client), AgentsApi(client)
        self.workflows, self.profiles, self.files = WorkflowsApi(client), ProfilesApi(client), FilesApi(client)

    def agent(self, prompt, path):
        """Makes an agent by the server's own route and says its id."""
        body = {"name": self.id(), "prompt": prompt, "startUrl": SITE + path}
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(BASE + "/agents/v2/agents", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["id"]

    def until(self, execution, status):
        for _ in range(300):
            if self.executions.execution_get(execution).status == status:
                return
            time.sleep(0.1)
        self.fail(f"{execution} does not become {status}")

    def test_a_synchronous_run_is_found_and_shown(self):
        agent = self.agent("Extract the main heading", "/teas/{{tea}}")
        request = models.WorkflowsWorkflowExecuteSyncRequest(inputs={"tea": "genmai"}, metadata={"order": 17})
        done = self.workflows.workflow_execute_sync_post(agent, request)
        self.assertEqual((done.status, done.execution_result.result), ("completed", "Genmaicha"))
        found = self.executions.executions_list(metadata=["order:17"], phase=["terminal"], organization_id="org")
        self.assertEqual([item.id for item in found.items], [done.execution_id])
        shown = self.executions.execution_get(done.execution_id)
        self.assertEqual(shown.inputs, {"tea": "genmai"})
        recording = self.executions.execution_recording_redirect_without_preload_content(done.execution_id)
        self.assertIn(b"<title>Recording</title>", recording.data)
        self.assertGreaterEqual(self.agents.agent_list(page=1, page_size=10).total, 1)
        self.assertGreaterEqual(self.workflows.workflow_list(page=1, page_size=10).total, 1)

    def test_a_run_is_answered_waited_for_repeated_cancelled_and_deleted(self):
        agent = self.agent('Ask "Which?" as which, then extract the main heading', "/teas")
        started = self.agents.agent_execute_post(agent, models.AgentsAgentExecuteAgentRequest())
        execution = started.execution_id
        self.until(execution, "paused_by_agent")
        self.assertIsNone(self.executions.execution_sync_get(execution, timeout_seconds=1).execution_result)
        message = models.AgentsExecutionUserMessagesAddTextBody(message="this one")
        self.executions.execution_user_messages_add(execution, message)
        self.assertEqual(self.executions.execution_sync_get(execution, timeout_seconds=20).status, "completed")
        types = {a.payload.actual_instance.activity_type for a in self.executions.execution_activities_get(execution)}
        self.assertLessEqual({"status_changed", "user_message_received", "action_completed", "terminal"}, types)
        again = self.executions.execution_rerun(execution, models.AgentsExecutionRerunExecutionRequest())
        self.assertTrue(self.executions.execution_get(execution).has_been_rerun)
        self.assertEqual(self.executions.execution_cancel(again.execution_id).status, "cancelled")
        self.assertEqual(self.executions.execution_get(again.execution_id).status, "cancelled")
        third = self.executions.execution_rerun(execution, models.AgentsExecutionRerunExecutionRequest()).execution_id
        self.until(third, "paused_by_agent")
        self.assertEqual(self.executions.execution_resume(third).status, "running")
        change = models.AgentsExecutionUpdateExecutionStatusRequest(status="cancelled")
        self.assertIn("cancelled", self.executions.execution_status_update(third, change))
        with self.assertRaises(exceptions.BadRequestException) as raised:
            self.executions.execution_pause(third)
        self.assertEqual(raised.exception.data.code, 400)
        self.executions.execution_delete(again.execution_id)
        with self.assertRaises(exceptions.NotFoundException) as raised:
            self.executions.execution_get(again.execution_id)
        self.assertEqual(raised.exception.data.message, "Execution not found")

    def test_a_profile_lives(self):
        cookie = models.AgentsProfileCookie(
            name="n", key="k", value="v", domain="127.0.0.1", secure=False, same_site="Lax", http_only=False
        )
        request = models.AgentsProfileCreateAgentProfileRequest(
            name="Me", description="", organization_id="org", cookies=[cookie],
            credentials=[models.AgentsProfileCredential(name="password", data="hunter2")],
        )
        profile = self.profiles.profiles_create(request)
        self.assertEqual([(c.name, c.data == "hunter2") for c in profile.credentials], [("PASSWORD", False)])
        change = models.AgentsProfileUpdateAgentProfileRequest(name="You")
        self.assertEqual(self.profiles.profile_update(profile.id, change).name, "You")
        self.assertEqual(self.profiles.profiles_list(organization_id="org").total, 1)
        self.profiles.profile_delete(profile.id)
        with self.assertRaises(exceptions.NotFoundException):
            self.profiles.profile_get(profile.id)

    def test_staged_files_are_listed_and_downloaded(self):
        staged = self.files.temp_files_upload([("a.txt", b"abc")], organization_id="org")
        request = models.WorkflowsWorkflowExecuteSyncRequest(temp_files=staged.temp_files)
        done = self.workflows.workflow_execute_sync_post(self.agent("Extract the main heading", "/"), request)
        (file,) = self.files.execution_context_files_get(done.execution_id)
        self.assertEqual((file.file_name, file.file_size), ("a.txt", 3))
        listed = self.files.execution_files_get(done.execution_id)
        self.assertEqual(listed.directories.uploads[0].id, file.id)
        bytes_ = self.files.execution_file_download_redirect_without_preload_content(done.execution_id, file.id)
        self.assertEqual(bytes_.data, b"abc")

    def test_what_is_not_performed_says_so(self):
        with self.assertRaises(exceptions.ServiceException) as raised:
            self.workflows.workflow_by_id_delete("any")
        self.assertEqual(raised.exception.status, 501)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
