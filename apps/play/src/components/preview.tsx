import { Box, Progress, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useLevel } from '../media/use-level.ts';
import { usePreview } from '../media/use-preview.ts';

/** One's own picture and loudness before the call; nothing of it is sent. */
export function Preview({ camera, microphone }: { camera: boolean; microphone: boolean }) {
  const { stream, problem } = usePreview(camera, microphone);
  const level = useLevel(microphone ? stream : undefined);
  const video = useRef<HTMLVideoElement>(null);
  const [hasPicture, setHasPicture] = useState(false);
  useEffect(() => {
    if (video.current) video.current.srcObject = stream ?? null;
    setHasPicture((stream?.getVideoTracks().length ?? 0) > 0);
  }, [stream]);
  return (
    <Box>
      <Box className="preview">
        <video ref={video} autoPlay playsInline muted hidden={!hasPicture} aria-label="Your camera" />
        {!hasPicture && <Text c="dimmed">{problem ?? 'Your camera is off'}</Text>}
      </Box>
      <Progress value={level} mt="xs" size="sm" aria-label="Loudness of your microphone" />
    </Box>
  );
}
