using System;

namespace GhostHands.Protocol
{
    /// <summary>How the room does, once a second.</summary>
    public sealed class StatusMessage : Message
    {
        private const int MaxViews = 16;
        private const double MaxLatencyMs = 1e9;
        private static readonly FieldSet Names = new FieldSet("views", "pose_rate_hz", "latency_ms", "recording");

        /// <summary>Its cameras, at most 16, in the order in which they joined.</summary>
        public ViewStatus[] Views { get; set; } = Array.Empty<ViewStatus>();

        /// <summary>Poses made a second, over the last second.</summary>
        public double PoseRateHz { get; set; }

        /// <summary>Capture to pose made, median of the last second, milliseconds; null without poses.</summary>
        public double? LatencyMs { get; set; }

        /// <summary>The room is being recorded.</summary>
        public bool Recording { get; set; }

        /// <inheritdoc/>
        public override string Type => "status";

        /// <inheritdoc/>
        public override void Validate()
        {
            if (Views == null || Views.Length > MaxViews)
                throw new ProtocolException($"views must be a list of at most {MaxViews}");
            foreach (ViewStatus view in Views) view.Validate();
            Check.Real("pose_rate_hz", PoseRateHz, 0, Wire.MaxRateHz);
            Check.Real("latency_ms", LatencyMs, -MaxLatencyMs, MaxLatencyMs);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0:
                    Views = new ViewStatus[reader.List(0, MaxViews)];
                    for (int i = 0; i < Views.Length; i++) reader.Record(Views[i] = new ViewStatus());
                    break;
                case 1: PoseRateHz = reader.Real(); break;
                case 2: LatencyMs = reader.RealOrNil(); break;
                case 3: Recording = reader.Bool(); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("views");
            writer.List(Views.Length);
            foreach (ViewStatus view in Views) writer.Record(view);
            writer.Name("pose_rate_hz");
            writer.Real(PoseRateHz);
            writer.Name("latency_ms");
            writer.RealOrNil(LatencyMs);
            writer.Name("recording");
            writer.Bool(Recording);
        }
    }
}
