"""The high-level clients 1.3.1, 1.3.11 and 1.3.13, unmodified, through everything that they can do."""

import datetime
import json
import tempfile
import unittest

from asteroid_odyssey import AsteroidClient, agents_v1_gen as v1

from support import Suite, fetch

QUICK = {"timeout": 30}


def plain(word):
    """An enumerated word as a string."""
    return getattr(word, "value", word)


def activity_type(activity):
    return activity.payload.actual_instance.activity_type


class HighLevel(Suite):
    def setUp(self):
        self.client = AsteroidClient("any key", base_url=self.base)

    def result(self, execution):
        return self.client.wait_for_execution_result(execution, interval=0.1, **QUICK)

    def interaction(self, execution):
        return self.client.wait_for_agent_interaction(execution, poll_interval=0.1, **QUICK)

    def test_an_execution_runs_and_tells_what_happened(self):
        agent = self.agent("Extract the main heading", "/{{page}}")
        execution = self.client.execute_agent(agent, {"page": "tea"})
        result = self.result(execution)
        self.assertEqual(plain(result.outcome), "success")
        self.assertIn("Page /tea", json.dumps(result.result))
        if hasattr(self.client, "get_execution_status"):
            self.assertEqual(plain(self.client.get_execution_status(execution).status), "completed")
            self.assertEqual(self.client.get_execution_result(execution).result, result.result)
            recording = self.client.get_browser_session_recording(execution)
        else:
            whole = self.client.get_execution(execution)
            self.assertEqual((whole.agent_id, plain(whole.status)), (agent, "completed"))
            recording = whole.browser_recording_url
        self.assertIn(b"<title>Recording</title>", fetch(recording))
        activities = self.client.get_last_n_execution_activities(execution, 100)
        types = [activity_type(activity) for activity in activities]
        self.assertEqual((types[0], types[-1]), ("terminal", "status_changed"))
        self.assertIn("action_completed", types)
        newest = self.client.get_last_n_execution_activities(execution, 2)
        self.assertEqual([activity.id for activity in newest], [activity.id for activity in activities[:2]])

    def test_an_agent_asks_and_gets_its_answer_and_a_file(self):
        prompt = 'Fill {{city}} into the city field, upload "doc.txt" into "Attachment", click "Send", then extract `#sent`'
        execution = self.client.execute_agent(self.agent(prompt, "/order"), {})
        asked = self.interaction(execution)
        self.assertEqual((asked.is_terminal, asked.status), (False, "paused_by_agent"))
        self.client.upload_execution_files(execution, [("doc.txt", "what is in it")])
        self.client.add_message_to_execution(execution, "Zürich")
        ended = self.interaction(execution)
        self.assertEqual((ended.is_terminal, ended.status), (True, "completed"))
        sent = json.dumps(ended.execution_result.result, ensure_ascii=False)
        self.assertIn("Zürich", sent)
        self.assertIn("what is in it", sent)

    def test_a_failure_has_its_reason(self):
        execution = self.client.execute_agent(self.agent("Sing a song", "/"), {})
        with self.assertRaises(Exception) as raised:
            self.result(execution)
        self.assertEqual(type(raised.exception).__name__, "ExecutionError")
        ended = self.interaction(execution)
        self.assertEqual((ended.is_terminal, ended.status), (True, "failed"))
        self.assertIn("does not understand", ended.execution_result.reasoning)

    def test_a_profile_lives_and_its_secrets_and_cookies_reach_the_page(self):
        request = v1.CreateAgentProfileRequest(
            name="Me", description="d", organization_id="org", proxy_cc="us", proxy_type="residential",
            captcha_solver_active=False, sticky_ip=False, credentials=[], cookies=[],
        )
        profile = self.client.create_agent_profile(request)
        secret = v1.Credential(name="pin", data="päss-4711")
        # This client encrypts, and forgets the cookies of a change that has credentials.
        change = v1.UpdateAgentProfileRequest(credentials_to_add=[secret], description="new")
        profile = self.client.update_agent_profile(profile.id, change)
        self.assertEqual([(c.name, "4711" in c.data) for c in profile.credentials], [("PIN", False)])
        cookie = v1.Cookie(
            name="Session", key="sid", value="crumb", domain="127.0.0.1", secure=False, same_site="Lax",
            http_only=True, created_at=datetime.datetime.now(),
        )
        change = v1.UpdateAgentProfileRequest(cookies_to_add=[cookie])
        profile = self.client.update_agent_profile(profile.id, change)
        self.assertEqual((profile.description, len(profile.cookies)), ("new", 1))
        self.assertEqual(self.client.get_agent_profile(profile.id).id, profile.id)
        self.assertEqual([p.id for p in self.client.get_agent_profiles("org")], [profile.id])
        self.assertTrue(self.client.get_credentials_public_key().startswith("-----BEGIN PUBLIC KEY-----"))
        if hasattr(self.client, "format_agent_profile"):
            self.assertIn("Proxy: us (residential)", self.client.format_agent_profile(profile))

        prompt = 'Extract `#cookie`, fill {{PIN}} into the pin field, click "Send", then extract `#sent`'
        execution = self.client.execute_agent(self.agent(prompt, "/order"), {}, agent_profile_id=profile.id)
        sent = json.dumps(self.result(execution).result, ensure_ascii=False)
        self.assertIn("sid=crumb", sent)
        self.assertIn("päss-4711", sent)
        self.assertTrue(self.client.delete_agent_profile(profile.id).message)
        with self.assertRaises(Exception) as raised:
            self.client.get_agent_profile(profile.id)
        self.assertIn("(404)", str(raised.exception))

    def test_what_pages_make_is_downloaded(self):
        if not hasattr(self.client, "get_execution_files"):
            self.skipTest("this client knows no downloads")
        execution = self.client.execute_agent(self.agent('Click the link "Report"', "/order"), {})
        self.result(execution)
        files = self.client.get_execution_files(execution)
        self.assertEqual([file.file_name for file in files], ["report.csv"])
        with tempfile.TemporaryDirectory() as folder:
            with open(self.client.download_execution_file(files[0], folder), encoding="utf-8") as file:
                self.assertEqual(file.read(), "a,b\n1,2\n")

    def test_files_are_staged_and_executions_found(self):
        if not hasattr(self.client, "get_executions"):
            self.skipTest("this client knows no lists of executions")
        staged = self.client.stage_temp_files("org", [("doc.txt", "what is in it")])
        prompt = 'Upload "doc.txt" into "Attachment", click "Send", then extract `#sent`'
        agent = self.agent(prompt, "/order")
        execution = self.client.execute_agent(agent, {}, temp_files=staged, metadata={"order": "17"})
        self.assertIn("what is in it", json.dumps(self.result(execution).result))
        found = self.client.get_executions("org", metadata_key="order", metadata_value="17")
        self.assertEqual((found.total, found.items[0].id), (1, execution))
        self.assertGreaterEqual(self.client.get_executions("org", created_after="2020-01-01T00:00:00Z").total, 1)
        self.assertIn(agent, [agent.id for agent in self.client.get_agents("org", 1, 100)])


if __name__ == "__main__":
    unittest.main()
