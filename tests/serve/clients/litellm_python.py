"""The video calls of litellm, through both of its ways to speak to such a server; prints them as JSON."""

import asyncio
import json
import os
import time

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm

base, steps, made = os.environ["OPENAI_BASE_URL"], {}, {}


def step(name, call):
    try:
        made[name] = call()
        steps[name] = "ok"
    except Exception as error:
        steps[name] = f"{type(error).__name__}: {str(error)[:200]}"


def finished(name, **known):
    ends = time.monotonic() + float(os.environ.get("OZORA_PATIENCE", "120"))
    while (video := litellm.video_status(video_id=name, **known)).status not in ("completed", "failed"):
        assert time.monotonic() < ends
        time.sleep(0.2)
    assert video.status == "completed", video
    return video


for provider in ("openai", "hosted_vllm"):
    known = {"custom_llm_provider": provider, "api_base": base, "api_key": "none"}
    model = f"{provider}/sora-2"

    def create(known=known, model=model, **more):
        return litellm.video_generation(
            prompt="a ball", model=model, seconds="4", size="1280x720", api_base=base, api_key="none", **more
        )

    step(f"{provider} generation", create)
    video = made.get(f"{provider} generation")
    if video is None:
        continue
    step(f"{provider} status", lambda video=video, known=known: finished(video.id, **known))

    def content(video=video, known=known):
        assert b"ftyp" in litellm.video_content(video_id=video.id, **known)[:16]

    step(f"{provider} content", content)
    step(f"{provider} list", lambda known=known: litellm.video_list(**known))

    def remix(video=video, known=known):
        return litellm.video_remix(video_id=video.id, prompt="a cube", **known)

    def edit(video=video, known=known):
        return litellm.video_edit(video_id=video.id, prompt="a cube", **known)

    def extend(video=video, known=known):
        return litellm.video_extension(video_id=video.id, prompt="on", seconds="4", **known)

    step(f"{provider} remix", remix)
    step(f"{provider} edit", edit)
    step(f"{provider} extension", extend)

    async def status(video=video, known=known):
        return await litellm.avideo_status(video_id=video.id, **known)

    step(f"{provider} async status", lambda status=status: asyncio.run(status()))

print(json.dumps(steps))
